import { CoilError } from './error.ts';
import type { IpFamily } from './ip-address.ts';
import { IpPrefix } from './ip-prefix.ts';
import { isRecord } from './json.ts';

/** A subnet has at most 2^14 blocks: one etcd value lists them all. */
const MAX_LOG2_BLOCKS = 14;
/** The largest block, as `coilctl pool create` of v1 takes it. */
const MAX_BLOCK_SIZE = { 4: 24, 6: 120 } as const;
/** What the model takes; `coilctl` is stricter. */
const POOL_NAME = /^[a-z][a-z0-9_.-]*$/;
const CREATED_POOL_NAME = /^[a-z0-9][a-z0-9-]*$/;

/** The pool of namespaces that have none of their own name. */
export const DEFAULT_POOL = 'default';

/**
 * Subnets whose addresses are handed out to the Pods of one namespace (or, pool `default`, of all others), in blocks
 * of 2^blockSize addresses. Immutable.
 */
export class AddressPool {
  readonly subnets: readonly IpPrefix[];
  /** Binary logarithm of the number of addresses in a block: 5 is /27, or /123 in IPv6. */
  readonly blockSize: number;

  constructor(subnets: readonly IpPrefix[], blockSize: number) {
    this.subnets = subnets;
    this.blockSize = blockSize;
  }

  /** Throws away nothing: a pool that is not valid can still be read and shown. @throws {CoilError} invalid-argument */
  validate(): void {
    if (this.subnets.length === 0) throw new CoilError('invalid-argument', 'no subnets');
    for (const [i, subnet] of this.subnets.entries()) {
      AddressPool.#validateSubnet(subnet, this.blockSize);
      const other = this.subnets.slice(0, i).find((earlier) => earlier.overlaps(subnet));
      if (other) throw new CoilError('subnet-in-use', `subnet in use: ${subnet} overlaps ${other} of the same pool`);
    }
  }

  static #validateSubnet(subnet: IpPrefix, blockSize: number): void {
    const max = MAX_BLOCK_SIZE[subnet.family];
    if (!Number.isInteger(blockSize) || blockSize < 0 || blockSize > max) {
      throw new CoilError(
        'invalid-argument',
        `invalid size: the block size of an IPv${subnet.family} subnet is 0 to ${max}, not ${blockSize}`,
      );
    }
    const log2Blocks = subnet.hostBits - blockSize;
    if (log2Blocks > MAX_LOG2_BLOCKS) {
      throw new CoilError(
        'invalid-argument',
        `too small block size: ${subnet} would have 2^${log2Blocks} blocks, at most 2^${MAX_LOG2_BLOCKS} are possible (size ${subnet.hostBits - MAX_LOG2_BLOCKS} or more)`,
      );
    }
    if (log2Blocks < 0) {
      throw new CoilError(
        'invalid-argument',
        `too large block size: ${subnet} has only 2^${subnet.hostBits} addresses (size ${subnet.hostBits} or less)`,
      );
    }
  }

  /** The pool with one subnet more. @throws {CoilError} what `validate` throws */
  withSubnet(subnet: IpPrefix): AddressPool {
    const pool = new AddressPool([...this.subnets, subnet], this.blockSize);
    pool.validate();
    return pool;
  }

  /** The pool with one subnet less; undefined where it would have none. */
  withoutSubnet(subnet: IpPrefix): AddressPool | undefined {
    const kept = this.subnets.filter((other) => !other.equals(subnet));
    return kept.length > 0 ? new AddressPool(kept, this.blockSize) : undefined;
  }

  /** The families that a Pod of this pool gets an address of, IPv4 first. */
  get families(): readonly IpFamily[] {
    return ([4, 6] as const).filter((family) => this.subnets.some((subnet) => subnet.family === family));
  }

  /** Prefix length of a block: 27 for size 5 in IPv4. */
  blockLength(subnet: IpPrefix): number {
    return subnet.address.bits - this.blockSize;
  }

  /** The subnet that `block` was cut from, undefined where it is none of this pool. */
  subnetOf(block: IpPrefix): IpPrefix | undefined {
    return this.subnets.find((subnet) => subnet.contains(block.address));
  }

  /** `{"subnets":["10.11.0.0/16"],"block_size":5}` */
  toJSON(): { subnets: string[]; block_size: number } {
    return { subnets: this.subnets.map(String), block_size: this.blockSize };
  }

  /** Reads what `toJSON` gives, and members that it does not know it leaves out. @throws {CoilError} corrupt-data */
  static fromJSON(json: unknown): AddressPool {
    if (!isRecord(json)) throw new CoilError('corrupt-data', 'an address pool is a JSON object');
    const { subnets, block_size: blockSize } = json;
    if (!Array.isArray(subnets)) throw new CoilError('corrupt-data', 'subnets is not a list');
    if (typeof blockSize !== 'number') throw new CoilError('corrupt-data', 'block_size is not a number');
    const parsed = subnets.map((text) => (typeof text === 'string' ? IpPrefix.tryParse(text) : undefined));
    const bad = parsed.indexOf(undefined);
    if (bad >= 0)
      throw new CoilError('corrupt-data', `subnets[${bad}] is not a network: ${JSON.stringify(subnets[bad])}`);
    return new AddressPool(parsed as IpPrefix[], blockSize);
  }
}

/** Whether `name` may stand in the datastore: `^[a-z][a-z0-9_.-]*$`, or what `isCreatablePoolName` takes. */
export function isPoolName(name: string): boolean {
  return POOL_NAME.test(name) || CREATED_POOL_NAME.test(name);
}

/** Whether `coilctl pool create` takes `name`: `^[a-z0-9][a-z0-9-]*$`, as namespaces are named. */
export function isCreatablePoolName(name: string): boolean {
  return CREATED_POOL_NAME.test(name);
}
