import { concat, readU8, readU16, readU32, writeI32, writeU16, writeU32 } from './native-bytes.ts';
import { NetlinkError } from './netlink-error.ts';

/**
 * struct nlattr, linux/netlink.h: u16 length with its own 4 bytes, u16 type, value, padding to 4 bytes.
 * The two highest bits of the type are flags.
 */
const HEADER = 4;
const NESTED = 0x8000;
const TYPE_MASK = 0x3fff;

/** Attributes by type. Where the kernel sends one twice, the last counts, as in the kernel's own parser. */
export type Attributes = ReadonlyMap<number, Uint8Array>;

const align = (length: number): number => (length + 3) & ~3;

export function bytesAttribute(type: number, value: Uint8Array): Uint8Array {
  const attribute = new Uint8Array(align(HEADER + value.length));
  writeU16(attribute, 0, HEADER + value.length);
  writeU16(attribute, 2, type);
  attribute.set(value, HEADER);
  return attribute;
}

export function nestedAttribute(type: number, members: readonly Uint8Array[]): Uint8Array {
  return bytesAttribute(type | NESTED, concat(members));
}

export function u8Attribute(type: number, value: number): Uint8Array {
  return bytesAttribute(type, Uint8Array.of(value));
}

export function u32Attribute(type: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  writeU32(bytes, 0, value);
  return bytesAttribute(type, bytes);
}

export function i32Attribute(type: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  writeI32(bytes, 0, value);
  return bytesAttribute(type, bytes);
}

/** With the closing NUL. */
export function textAttribute(type: number, value: string): Uint8Array {
  return bytesAttribute(type, Buffer.from(`${value}\0`, 'utf8'));
}

/** @throws {NetlinkError} EBADMSG */
export function decodeAttributes(bytes: Uint8Array, start = 0): Attributes {
  const attributes = new Map<number, Uint8Array>();
  let at = start;
  while (at + HEADER <= bytes.length) {
    const length = readU16(bytes, at);
    if (length < HEADER || at + length > bytes.length) {
      throw NetlinkError.malformed(`an attribute of ${length} bytes at ${at} of ${bytes.length}`);
    }
    attributes.set(readU16(bytes, at + 2) & TYPE_MASK, bytes.subarray(at + HEADER, at + length));
    at += align(length);
  }
  return attributes;
}

export function nestedOf(attributes: Attributes, type: number): Attributes | undefined {
  const value = attributes.get(type);
  return value === undefined ? undefined : decodeAttributes(value);
}

export function u8Of(attributes: Attributes, type: number): number | undefined {
  const value = attributes.get(type);
  return value === undefined ? undefined : readU8(value);
}

export function u32Of(attributes: Attributes, type: number): number | undefined {
  const value = attributes.get(type);
  return value === undefined ? undefined : readU32(value);
}

/** Up to the first NUL. */
export function textOf(attributes: Attributes, type: number): string | undefined {
  const value = attributes.get(type);
  if (value === undefined) return undefined;
  const end = value.indexOf(0);
  return Buffer.from(end === -1 ? value : value.subarray(0, end)).toString('utf8');
}

/** A copy: what the kernel answered stands in a buffer that is used again. */
export function bytesOf(attributes: Attributes, type: number): Uint8Array | undefined {
  const value = attributes.get(type);
  return value === undefined ? undefined : Uint8Array.from(value);
}
