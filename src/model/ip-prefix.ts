import { CoilError } from './error.ts';
import { IpAddress, type IpFamily } from './ip-address.ts';

/**
 * A network: an address and a prefix length; immutable. `address` is always the network address: bits beyond the
 * length are zero, as in what Go's `net.ParseCIDR` returns as the network.
 */
export class IpPrefix {
  readonly address: IpAddress;
  /** Prefix length in bits: 0 to 32, or to 128. */
  readonly length: number;

  /** Host bits of `address` are cleared. @throws {CoilError} invalid-argument where `length` is out of range */
  constructor(address: IpAddress, length: number) {
    if (!Number.isInteger(length) || length < 0 || length > address.bits) {
      throw new CoilError(
        'invalid-argument',
        `a prefix length of IPv${address.family} is 0 to ${address.bits}, not ${length}`,
      );
    }
    const hostBits = BigInt(address.bits - length);
    this.address = new IpAddress(address.family, (address.value >> hostBits) << hostBits);
    this.length = length;
  }

  /** `ADDRESS/LENGTH`. @throws {CoilError} invalid-argument; the message quotes the text */
  static parse(text: string): IpPrefix {
    const prefix = IpPrefix.tryParse(text);
    if (prefix === undefined) throw new CoilError('invalid-argument', `invalid CIDR address: ${JSON.stringify(text)}`);
    return prefix;
  }

  /** Like `parse`, with undefined for what is not a prefix. */
  static tryParse(text: string): IpPrefix | undefined {
    const match = /^([^/]+)\/(0|[1-9][0-9]{0,2})$/.exec(text);
    const address = match && IpAddress.tryParse(match[1]!);
    if (!match || !address) return undefined;
    // the length counts in the notation that was used: ::ffff:10.0.0.0/120 is 10.0.0.0/24
    const written = match[1]!.includes(':') ? 128 : 32;
    const length = Number(match[2]);
    if (length > written) return undefined;
    if (written === address.bits) return new IpPrefix(address, length);
    if (length >= 96) return new IpPrefix(address, length - 96);
    return new IpPrefix(new IpAddress(6, (0xffffn << 32n) | address.value), length);
  }

  /** The prefix that holds just `address`: /32 or /128. */
  static ofAddress(address: IpAddress): IpPrefix {
    return new IpPrefix(address, address.bits);
  }

  get family(): IpFamily {
    return this.address.family;
  }

  /** Number of host bits: the network has 2^hostBits addresses. */
  get hostBits(): number {
    return this.address.bits - this.length;
  }

  /** Number of addresses. */
  get size(): bigint {
    return 1n << BigInt(this.hostBits);
  }

  contains(address: IpAddress): boolean {
    return (
      address.family === this.family &&
      address.value >> BigInt(this.hostBits) === this.address.value >> BigInt(this.hostBits)
    );
  }

  /** Whether any address is in both. */
  overlaps(other: IpPrefix): boolean {
    return this.contains(other.address) || other.contains(this.address);
  }

  /** The address at `offset` from the network address. @throws {CoilError} invalid-argument where it is outside */
  nth(offset: number | bigint): IpAddress {
    const at = BigInt(offset);
    if (at < 0n || at >= this.size) throw new CoilError('invalid-argument', `offset ${at} is outside of ${this}`);
    return new IpAddress(this.family, this.address.value + at);
  }

  /** The inverse of `nth`. @throws {CoilError} invalid-argument where `address` is outside */
  offsetOf(address: IpAddress): bigint {
    if (!this.contains(address)) throw new CoilError('invalid-argument', `${address} is outside of ${this}`);
    return address.value - this.address.value;
  }

  /** The networks of `length` that make up this one, in ascending order; lazily, since there may be very many. */
  *subdivide(length: number): Generator<IpPrefix, void, undefined> {
    if (length < this.length) throw new CoilError('invalid-argument', `${this} has no subnets of length /${length}`);
    const step = 1n << BigInt(this.address.bits - length);
    for (let at = 0n; at < this.size; at += step) yield new IpPrefix(this.nth(at), length);
  }

  equals(other: IpPrefix): boolean {
    return this.length === other.length && this.address.equals(other.address);
  }

  /** Orders by network address, and the larger network first. */
  compare(other: IpPrefix): number {
    return this.address.compare(other.address) || this.length - other.length;
  }

  toString(): string {
    return `${this.address}/${this.length}`;
  }

  toJSON(): string {
    return this.toString();
  }
}
