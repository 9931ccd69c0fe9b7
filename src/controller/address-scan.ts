import type { AddressPool } from '../model/address-pool.ts';
import { CoilError } from '../model/error.ts';
import type { IpAddress } from '../model/ip-address.ts';
import { Backoff, sleep } from '../process/backoff.ts';
import type { Logger } from '../process/logger.ts';
import { reportUnreadable } from '../process/report-unreadable.ts';
import type { AddressRecord, IpamStore, PoolBlock } from '../store/ipam-store.ts';
import { AddressComparison, type AssignedAddress, isAssignedTo, type UnrecordedAddress } from './address-comparison.ts';
import type { PodSource } from './pod-source.ts';

export interface AddressScanOptions {
  readonly scanIntervalMs: number;
  /** How long an address may be assigned without a Pod that has it. */
  readonly addressExpirationMs: number;
  readonly backoff?: Backoff;
}

/** What one comparison found. */
export interface AddressFindings {
  readonly kinds: Readonly<Record<FindingKind, number>>;
  /** Number of addresses that were assigned, by pool and family; none where not all could be read. */
  readonly assigned: readonly { readonly labels: { readonly pool: string; readonly family: string }; value: number }[];
}

/**
 * 'unused': assigned, and no Pod has it. 'unrecorded': a Pod has it, and it is not assigned. 'conflicting': it is, to
 * another Pod.
 */
export type FindingKind = 'unused' | 'unrecorded' | 'conflicting';

export interface AddressScanDeps {
  readonly pods: PodSource;
  readonly store: Pick<IpamStore, 'listPools' | 'listBlocks' | 'listAddresses' | 'findAddress'>;
  /** Is told of each comparison: what it found, or undefined where it failed. */
  readonly scanned: (findings: AddressFindings | undefined) => void;
  readonly logger: Logger;
  readonly now: () => Date;
  readonly sleep?: typeof sleep;
}

/**
 * Tells, again and again, of addresses that are assigned to no Pod, and of Pods whose address is not theirs. What cannot
 * be read is told with its key, and stops nothing else: of what can be read, each finding is as true as ever, since an
 * address is looked for by its own key before it is told of.
 */
export class AddressScan {
  readonly #options: AddressScanOptions;
  readonly #deps: AddressScanDeps;

  constructor(options: AddressScanOptions, deps: AddressScanDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Scans every interval until `signal` is aborted; what fails is tried again. */
  async run(signal: AbortSignal): Promise<void> {
    const { sleep: wait = sleep, logger } = this.#deps;
    const backoff = this.#options.backoff ?? new Backoff({ baseMs: 1_000, maxMs: 60_000 });
    try {
      for (;;) {
        await wait(this.#options.scanIntervalMs, signal);
        while (!(await this.#tryScan(signal))) await backoff.wait(signal);
        backoff.reset();
      }
    } catch (error) {
      if (!signal.aborted) throw error;
      logger.debug('no more comparisons of addresses and Pods');
    }
  }

  async #tryScan(signal: AbortSignal): Promise<boolean> {
    try {
      this.#deps.scanned(await this.scan(signal));
      return true;
    } catch (error) {
      signal.throwIfAborted();
      this.#deps.scanned(undefined);
      this.#deps.logger.error('cannot compare addresses and Pods; trying again', { error });
      return false;
    }
  }

  /** One comparison. @throws what store and Pods do */
  async scan(signal: AbortSignal): Promise<AddressFindings> {
    const unreadable: CoilError[] = [];
    try {
      return await this.#compare(unreadable, signal);
    } finally {
      reportUnreadable(this.#deps.logger, unreadable);
    }
  }

  async #compare(unreadable: CoilError[], signal: AbortSignal): Promise<AddressFindings> {
    const { pods, store, logger } = this.#deps;
    const owners = await store.listBlocks(signal, unreadable);
    const isComplete = unreadable.length === 0;
    const assigned = await this.#readAssigned(owners, unreadable, signal);
    const pools = await store.listPools(signal, unreadable);
    const comparison = new AddressComparison(assigned, pools.values());
    const kinds = { unused: 0, unrecorded: 0, conflicting: 0 };
    for await (const pod of pods.listPods(signal)) comparison.add(pod);
    const expired = comparison.unused.filter(({ record }) => this.#isExpired(record));
    const found: (FindingKind | undefined)[] = [];
    for (const unused of expired) found.push(await this.#tellUnused(unused, signal));
    for (const unrecorded of comparison.unrecorded)
      found.push(await this.#tellUnrecorded(unrecorded, unreadable, signal));
    for (const kind of found) if (kind) kinds[kind]++;
    logger.debug('compared addresses and Pods', { addresses: assigned.length });
    return { kinds, assigned: isComplete ? countByPool(assigned, pools) : [] };
  }

  async #readAssigned(
    owners: ReadonlyMap<string, readonly PoolBlock[]>,
    unreadable: CoilError[],
    signal: AbortSignal,
  ): Promise<readonly AssignedAddress[]> {
    const { store } = this.#deps;
    const assigned: AssignedAddress[] = [];
    for (const [node, blocks] of owners) {
      for (const { block } of blocks) {
        for (const record of await store.listAddresses(block, signal, unreadable))
          assigned.push({ address: record.block.nth(record.offset), node, record });
      }
    }
    return assigned;
  }

  /** A time that cannot be read is as good as long ago. */
  #isExpired({ assignment }: AddressRecord): boolean {
    const createdAt = Date.parse(assignment.createdAt);
    const ageMs = this.#deps.now().getTime() - createdAt;
    return Number.isNaN(createdAt) || ageMs >= this.#options.addressExpirationMs;
  }

  async #tellUnused({ address, node, record }: AssignedAddress, signal: AbortSignal): Promise<FindingKind | undefined> {
    const listed = await this.#deps.store.listAddresses(record.block, signal, []);
    if (!listed.some(({ offset, revision }) => offset === record.offset && revision === record.revision))
      return undefined;
    this.#deps.logger.warn('found IP address which is assigned in DB but not used in Pods', {
      ...addressFields(address, record),
      node,
    });
    return 'unused';
  }

  async #tellUnrecorded(
    { address, pod }: UnrecordedAddress,
    unreadable: CoilError[],
    signal: AbortSignal,
  ): Promise<FindingKind | undefined> {
    const record = await this.#find(address, unreadable, signal);
    // what cannot be read may be this Pod's
    if (record === 'unreadable' || (record && isAssignedTo(record, pod))) return undefined;
    // in this order: a Pod that still has the address now had it when it was not assigned
    const current = await this.#deps.pods.findPod(pod.namespace, pod.name, signal);
    if (!current?.addresses.includes(String(address)) || current.terminating || current.finished) return undefined;
    const { namespace, name, node } = pod;
    const fields = { address: String(address), namespace, pod: name, node };
    if (record === undefined) {
      this.#deps.logger.error('found IP address which is used in Pods but not assigned in DB', fields);
    } else {
      const holder = record.assignment;
      this.#deps.logger.error('found IP address which is used in a Pod but assigned to another in DB', {
        ...fields,
        assigned_namespace: holder.namespace,
        assigned_pod: holder.pod,
        container_id: holder.containerId,
        created_at: holder.createdAt,
      });
    }
    return record === undefined ? 'unrecorded' : 'conflicting';
  }

  async #find(
    address: IpAddress,
    unreadable: CoilError[],
    signal: AbortSignal,
  ): Promise<AddressRecord | 'unreadable' | undefined> {
    try {
      return await this.#deps.store.findAddress(address, signal);
    } catch (error) {
      if (CoilError.is(error, 'address-not-found')) return undefined;
      if (!CoilError.is(error, 'corrupt-data')) throw error;
      unreadable.push(error);
      return 'unreadable';
    }
  }
}

function countByPool(
  assigned: readonly AssignedAddress[],
  pools: ReadonlyMap<string, AddressPool>,
): AddressFindings['assigned'] {
  return [...pools].flatMap(([pool, { subnets, families }]) =>
    families.map((family) => {
      const own = subnets.filter((subnet) => subnet.family === family);
      const value = assigned.filter(({ address }) => own.some((subnet) => subnet.contains(address))).length;
      return { labels: { pool, family: String(family) }, value };
    }),
  );
}

function addressFields(address: IpAddress, { block, assignment }: AddressRecord) {
  return {
    address: String(address),
    block: String(block),
    container_id: assignment.containerId,
    namespace: assignment.namespace,
    pod: assignment.pod,
    created_at: assignment.createdAt,
  };
}
