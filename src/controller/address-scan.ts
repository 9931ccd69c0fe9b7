import { CoilError } from '../model/error.ts';
import type { IpAddress } from '../model/ip-address.ts';
import { Backoff, sleep } from '../process/backoff.ts';
import type { Logger } from '../process/logger.ts';
import type { AddressRecord, IpamStore } from '../store/ipam-store.ts';
import { AddressComparison, type AssignedAddress, isAssignedTo, type UnrecordedAddress } from './address-comparison.ts';
import type { PodSource } from './pod-source.ts';

export interface AddressScanOptions {
  readonly scanIntervalMs: number;
  /** How long an address may be assigned without a Pod that has it. */
  readonly addressExpirationMs: number;
  readonly backoff?: Backoff;
}

export interface AddressScanDeps {
  readonly pods: PodSource;
  readonly store: Pick<IpamStore, 'listPools' | 'listBlocks' | 'listAddresses' | 'findAddress'>;
  readonly logger: Logger;
  readonly now: () => Date;
  readonly sleep?: typeof sleep;
}

/** Tells, again and again, of addresses that are assigned to no Pod, and of Pods whose address is not theirs. */
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
      await this.scan(signal);
      return true;
    } catch (error) {
      signal.throwIfAborted();
      this.#deps.logger.error('cannot compare addresses and Pods; trying again', { error });
      return false;
    }
  }

  /** One comparison. @throws what store and Pods do */
  async scan(signal: AbortSignal): Promise<void> {
    const { pods, store, logger } = this.#deps;
    const assigned = await this.#readAssigned(signal);
    const comparison = new AddressComparison(assigned, (await store.listPools(signal)).values());
    for await (const pod of pods.listPods(signal)) comparison.add(pod);
    const expired = comparison.unused.filter(({ record }) => this.#isExpired(record));
    for (const unused of expired) await this.#tellUnused(unused, signal);
    for (const unrecorded of comparison.unrecorded) await this.#tellUnrecorded(unrecorded, signal);
    logger.debug('compared addresses and Pods', { addresses: assigned.length });
  }

  async #readAssigned(signal: AbortSignal): Promise<readonly AssignedAddress[]> {
    const { store } = this.#deps;
    const assigned: AssignedAddress[] = [];
    for (const [node, blocks] of await store.listBlocks(signal)) {
      for (const { block } of blocks) {
        for (const record of await store.listAddresses(block, signal))
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

  async #tellUnused({ address, node, record }: AssignedAddress, signal: AbortSignal): Promise<void> {
    const current = await this.#find(address, signal);
    if (current?.revision !== record.revision) return;
    this.#deps.logger.warn('found IP address which is assigned in DB but not used in Pods', {
      ...addressFields(address, record),
      node,
    });
  }

  async #tellUnrecorded({ address, pod }: UnrecordedAddress, signal: AbortSignal): Promise<void> {
    const record = await this.#find(address, signal);
    if (record && isAssignedTo(record, pod)) return;
    // in this order: a Pod that still has the address now had it when it was not assigned
    const current = await this.#deps.pods.findPod(pod.namespace, pod.name, signal);
    if (!current?.addresses.includes(String(address)) || current.terminating || current.finished) return;
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
  }

  async #find(address: IpAddress, signal: AbortSignal): Promise<AddressRecord | undefined> {
    try {
      return await this.#deps.store.findAddress(address, signal);
    } catch (error) {
      if (CoilError.is(error, 'address-not-found')) return undefined;
      throw error;
    }
  }
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
