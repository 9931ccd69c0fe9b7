import type { AddressPool } from '../model/address-pool.ts';
import { IpAddress } from '../model/ip-address.ts';
import type { IpPrefix } from '../model/ip-prefix.ts';
import type { AddressRecord } from '../store/ipam-store.ts';
import type { PodAddresses } from './pod-source.ts';

/** An address that is assigned, and the node that owns its block. */
export interface AssignedAddress {
  readonly address: IpAddress;
  readonly node: string;
  readonly record: AddressRecord;
}

/** An address that a Pod has, though not by the datastore. */
export interface UnrecordedAddress {
  readonly address: IpAddress;
  readonly pod: PodAddresses;
}

/**
 * Compares the addresses that are assigned with those that Pods have. What both were read at differs, so what is found
 * may be a change in between: look again before it is told.
 */
export class AddressComparison {
  readonly #assigned: ReadonlyMap<string, AssignedAddress>;
  readonly #subnets: readonly IpPrefix[];
  readonly #used = new Set<string>();
  readonly #unrecorded: UnrecordedAddress[] = [];

  constructor(assigned: readonly AssignedAddress[], pools: Iterable<AddressPool>) {
    this.#assigned = new Map(assigned.map((one) => [String(one.address), one]));
    this.#subnets = [...pools].flatMap(({ subnets }) => subnets);
  }

  /** Takes a Pod into account. One whose sandbox is gone, or that has its node's addresses, has none of ours. */
  add(pod: PodAddresses): void {
    if (pod.hostNetwork || pod.finished) return;
    for (const text of pod.addresses) {
      const address = IpAddress.tryParse(text);
      if (address === undefined) continue;
      const assigned = this.#assigned.get(String(address));
      if (assigned) this.#used.add(String(address));
      // another plugin may give addresses too; those of our subnets are ours to give
      const isOurs = assigned !== undefined || this.#subnets.some((subnet) => subnet.contains(address));
      const isRecorded = assigned !== undefined && isAssignedTo(assigned.record, pod);
      if (isOurs && !isRecorded && !pod.terminating) this.#unrecorded.push({ address, pod });
    }
  }

  /** Assigned, and no Pod's. */
  get unused(): readonly AssignedAddress[] {
    return [...this.#assigned].filter(([text]) => !this.#used.has(text)).map(([, assigned]) => assigned);
  }

  /** Pods' addresses that are not assigned, or not to that Pod. */
  get unrecorded(): readonly UnrecordedAddress[] {
    return this.#unrecorded;
  }
}

/** What cannot be read is nobody's for sure, and so may be this Pod's. */
export function isAssignedTo({ assignment }: AddressRecord, { namespace, name }: PodAddresses): boolean {
  if (assignment.pod === '') return true;
  return assignment.namespace === namespace && assignment.pod === name;
}
