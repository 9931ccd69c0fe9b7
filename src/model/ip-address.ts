import { CoilError } from './error.ts';

export type IpFamily = 4 | 6;

const BITS = { 4: 32, 6: 128 } as const;
const MAPPED_PREFIX = 0xffffn; // ::ffff:0:0/96, RFC 4291 section 2.5.5.2

/**
 * An IPv4 or IPv6 address; immutable. Reads and prints what Go's net package does, since v1 wrote every key and value
 * with it: no leading zeros, RFC 5952 for IPv6, and an IPv4-mapped IPv6 address is the IPv4 address.
 */
export class IpAddress {
  readonly family: IpFamily;
  /** The address as a number, in network byte order: 0 to 2^32-1, or to 2^128-1. */
  readonly value: bigint;

  /** @throws {CoilError} invalid-argument where `value` is out of the family's range */
  constructor(family: IpFamily, value: bigint) {
    if (value < 0n || value >> BigInt(BITS[family]) !== 0n) {
      throw new CoilError('invalid-argument', `${value} is not an IPv${family} address`);
    }
    this.family = family;
    this.value = value;
  }

  /** @throws {CoilError} invalid-argument; the message quotes the text */
  static parse(text: string): IpAddress {
    const address = IpAddress.tryParse(text);
    if (address === undefined) throw new CoilError('invalid-argument', `invalid IP address: ${JSON.stringify(text)}`);
    return address;
  }

  /** Like `parse`, with undefined for what is not an address. */
  static tryParse(text: string): IpAddress | undefined {
    if (!text.includes(':')) {
      const value = parseIpv4(text);
      return value === undefined ? undefined : new IpAddress(4, value);
    }
    const value = parseIpv6(text);
    return value === undefined ? undefined : IpAddress.fromIpv6Value(value);
  }

  /** From 4 or 16 bytes in network byte order, as the kernel has them. 16 bytes stay IPv6. */
  static fromBytes(bytes: Uint8Array): IpAddress {
    if (bytes.length !== 4 && bytes.length !== 16) {
      throw new CoilError('invalid-argument', `an IP address has 4 or 16 bytes, not ${bytes.length}`);
    }
    let value = 0n;
    for (const byte of bytes) value = (value << 8n) | BigInt(byte);
    return new IpAddress(bytes.length === 4 ? 4 : 6, value);
  }

  /** The address of a 128-bit number: IPv4 where it is IPv4-mapped, as Go's `net.IP.To4`. */
  static fromIpv6Value(value: bigint): IpAddress {
    return value >> 32n === MAPPED_PREFIX ? new IpAddress(4, value & 0xffffffffn) : new IpAddress(6, value);
  }

  /** 32 or 128. */
  get bits(): 32 | 128 {
    return BITS[this.family];
  }

  /** 4 or 16 bytes in network byte order. */
  toBytes(): Uint8Array {
    const bytes = new Uint8Array(this.bits / 8);
    let rest = this.value;
    for (let i = bytes.length - 1; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
    return bytes;
  }

  equals(other: IpAddress): boolean {
    return this.family === other.family && this.value === other.value;
  }

  /** Orders IPv4 before IPv6, and by number within a family. */
  compare(other: IpAddress): number {
    if (this.family !== other.family) return this.family - other.family;
    return this.value < other.value ? -1 : this.value > other.value ? 1 : 0;
  }

  toString(): string {
    return this.family === 4 ? printIpv4(this.value) : printIpv6(this.value);
  }

  toJSON(): string {
    return this.toString();
  }
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    // no leading zeros: some parsers read them as octal, so Go refuses them
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(part);
  }
  return value;
}

function parseIpv6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(parseGroups);
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const given = head.length + (tail?.length ?? 0);
  // "::" stands for one group of zeros or more
  if (halves.length === 1 ? given !== 8 : given > 7) return undefined;
  const groups = [...head, ...Array<bigint>(8 - given).fill(0n), ...(tail ?? [])];
  // an embedded IPv4 address may only end the whole
  if (halves.length === 2 && tail?.length === 0 && halves[0]?.includes('.')) return undefined;
  return groups.reduce((value, group) => (value << 16n) | group, 0n);
}

/** The 16-bit groups of one side of "::"; the last may be an IPv4 address, which is two groups. */
function parseGroups(text: string): bigint[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: bigint[] = [];
  for (const [i, part] of parts.entries()) {
    if (i === parts.length - 1 && part.includes('.')) {
      const ipv4 = parseIpv4(part);
      if (ipv4 === undefined) return undefined;
      groups.push(ipv4 >> 16n, ipv4 & 0xffffn);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(BigInt(`0x${part}`));
    } else {
      return undefined;
    }
  }
  return groups;
}

function printIpv4(value: bigint): string {
  const n = Number(value);
  return `${n >>> 24}.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`;
}

/** RFC 5952: lower case, the first longest run of two zero groups or more as "::". */
function printIpv6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => (value >> BigInt(112 - 16 * i)) & 0xffffn);
  let run = { start: 0, length: 1 };
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0n) end++;
    if (end - i > run.length) run = { start: i, length: end - i };
    i = Math.max(i, end - 1);
  }
  const print = (part: bigint[]) => part.map((group) => group.toString(16)).join(':');
  if (run.length < 2) return print(groups);
  return `${print(groups.slice(0, run.start))}::${print(groups.slice(run.start + run.length))}`;
}
