import { endianness } from 'node:os';
import { NetlinkError } from './netlink-error.ts';

/** Netlink speaks the machine's own byte order. */
const LITTLE = endianness() === 'LE';

function requireBytes(bytes: Uint8Array, at: number, length: number): void {
  if (at >= 0 && at + length <= bytes.length) return;
  throw NetlinkError.malformed(`${length} bytes at ${at} are beyond the end, ${bytes.length}`);
}

/** All of these throw NetlinkError EBADMSG where the bytes end too early. */
export function readU8(bytes: Uint8Array, at = 0): number {
  requireBytes(bytes, at, 1);
  return bytes[at]!;
}

export function readU16(bytes: Uint8Array, at = 0): number {
  requireBytes(bytes, at, 2);
  const [low, high] = LITTLE ? [at, at + 1] : [at + 1, at];
  return bytes[low]! | (bytes[high]! << 8);
}

export function readU32(bytes: Uint8Array, at = 0): number {
  return readI32(bytes, at) >>> 0;
}

export function readI32(bytes: Uint8Array, at = 0): number {
  requireBytes(bytes, at, 4);
  const [low, high] = LITTLE ? [at, at + 2] : [at + 2, at];
  return readU16(bytes, low) | (readU16(bytes, high) << 16);
}

export function writeU16(bytes: Uint8Array, at: number, value: number): void {
  requireBytes(bytes, at, 2);
  const [low, high] = LITTLE ? [at, at + 1] : [at + 1, at];
  bytes[low] = value;
  bytes[high] = value >>> 8;
}

export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  writeI32(bytes, at, value);
}

export function writeI32(bytes: Uint8Array, at: number, value: number): void {
  requireBytes(bytes, at, 4);
  const [low, high] = LITTLE ? [at, at + 2] : [at + 2, at];
  writeU16(bytes, low, value);
  writeU16(bytes, high, value >>> 16);
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
