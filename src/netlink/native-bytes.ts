import { endianness } from 'node:os';
import { NetlinkError } from './netlink-error.ts';

/** Netlink speaks the machine's own byte order. */
const LITTLE = endianness() === 'LE';

function view(bytes: Uint8Array, at: number, length: number): DataView {
  if (at < 0 || at + length > bytes.length) {
    throw NetlinkError.malformed(`${length} bytes at ${at} are beyond the end, ${bytes.length}`);
  }
  return new DataView(bytes.buffer, bytes.byteOffset + at, length);
}

/** All of these throw NetlinkError EBADMSG where the bytes end too early. */
export function readU8(bytes: Uint8Array, at = 0): number {
  return view(bytes, at, 1).getUint8(0);
}

export function readU16(bytes: Uint8Array, at = 0): number {
  return view(bytes, at, 2).getUint16(0, LITTLE);
}

export function readU32(bytes: Uint8Array, at = 0): number {
  return view(bytes, at, 4).getUint32(0, LITTLE);
}

export function readI32(bytes: Uint8Array, at = 0): number {
  return view(bytes, at, 4).getInt32(0, LITTLE);
}

export function writeU16(bytes: Uint8Array, at: number, value: number): void {
  view(bytes, at, 2).setUint16(0, value, LITTLE);
}

export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  view(bytes, at, 4).setUint32(0, value, LITTLE);
}

export function writeI32(bytes: Uint8Array, at: number, value: number): void {
  view(bytes, at, 4).setInt32(0, value, LITTLE);
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
