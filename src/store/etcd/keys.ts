import { IpAddress, type IpFamily } from '../../model/ip-address.ts';
import type { IpPrefix } from '../../model/ip-prefix.ts';
import type { AddressSlot } from '../ipam-store.ts';

/**
 * The names of all keys under one prefix. `pool/`, `subnet/`, `block/` and `ip/` are v1's; the
 * others are ours, which v1 does not mind. Those that end in a slash are beginnings of many.
 */
export class Keys {
  readonly pools: string;
  readonly subnets: string;
  readonly blocks: string;
  readonly addresses: string;
  readonly owners: string;
  readonly requestsOfAll: string;

  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
    this.pools = `${prefix}pool/`;
    this.subnets = `${prefix}subnet/`;
    this.blocks = `${prefix}block/`;
    this.addresses = `${prefix}ip/`;
    this.owners = `${prefix}owner/`;
    this.requestsOfAll = `${prefix}acquire/`;
  }

  /** AddressPool as JSON. */
  pool(name: string): string {
    return this.pools + name;
  }

  /**
   * Empty: it is there while a pool has the subnet. We write it anew with every change of its block document, so that
   * the versions of the two move together, unless a Coil of v1 changed the document.
   */
  subnet(subnet: IpPrefix): string {
    return `${this.subnets}${subnet.address}`;
  }

  /** Block documents of one pool. */
  blocksOf(pool: string): string {
    return `${this.blocks}${pool}/`;
  }

  /** BlockAssignment as JSON. */
  block(pool: string, subnet: IpPrefix): string {
    return `${this.blocksOf(pool)}${subnet.address}`;
  }

  /** Addresses of one block. */
  addressesOf(block: IpPrefix): string {
    return `${this.addresses}${block.address}/`;
  }

  /** IpAssignment as JSON. */
  address(slot: AddressSlot): string {
    return `${this.addressesOf(slot.block)}${slot.offset}`;
  }

  /** Requests for blocks of one pool, a short time each. */
  requestsOf(pool: string): string {
    return `${this.requestsOfAll}${pool}/`;
  }

  /** Name of the node that owns the block, written together with every change of that in the block document. */
  owner(block: IpPrefix): string {
    return `${this.owners}${block.address}`;
  }

  /** Requests for blocks of one pool and family, a short time each. */
  requests(pool: string, family: IpFamily): string {
    return `${this.requestsOf(pool)}${family}/`;
  }

  /** NodeHolder as JSON, on a lease: which coild serves the node. */
  session(node: string): string {
    return `${this.#prefix}node/${node}`;
  }

  /** Under which term the node's coild changes addresses and returns blocks: see NodeTerm. */
  term(node: string): string {
    return `${this.#prefix}term/${node}`;
  }

  /** The kernel's name for the boot that the node's coild last ran in. */
  boot(node: string): string {
    return `${this.#prefix}boot/${node}`;
  }

  /** The pool that a `pool/` key is of. */
  poolName(key: string): string {
    return key.slice(this.pools.length);
  }

  /** What a `block/` key is of; undefined for a key that is not of this form. */
  blockKey(key: string): { pool: string; subnet: IpAddress } | undefined {
    const [pool, address, ...rest] = key.slice(this.blocks.length).split('/');
    const subnet = IpAddress.tryParse(address ?? '');
    return pool && subnet && rest.length === 0 ? { pool, subnet } : undefined;
  }

  /** The network address of the block that an `owner/` key is of; undefined for a key that is not of this form. */
  ownedBlock(key: string): IpAddress | undefined {
    return IpAddress.tryParse(key.slice(this.owners.length));
  }

  /** The offset in an `ip/` key of `block`; undefined for a key that is not of this form. */
  offset(block: IpPrefix, key: string): number | undefined {
    const text = key.slice(this.addressesOf(block).length);
    return /^(0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : undefined;
  }
}
