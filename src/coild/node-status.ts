import type { NodeState } from '../ipam/node-state.ts';
import type { UnrecordedAddress } from '../ipam/unrecorded-links.ts';
import type { AddressRecord } from '../store/ipam-store.ts';
import type { DatastoreStatus } from './datastore-status.ts';

/** What `GET /status` tells of a node, as v1 did. */
export interface NodeStatus {
  /** Blocks by pool. */
  readonly 'address-blocks': Readonly<Record<string, readonly string[]>>;
  /**
   * Addresses by container ID, or by `<namespace>/<pod>` for what Coil before 1.0.2 recorded. Of a container with
   * several, the IPv4 one.
   */
  readonly pods: Readonly<Record<string, string>>;
  /** v1 had no such member, nor the next one, and its readers do not mind. */
  readonly datastore?: DatastoreStatus;
  /** Addresses that Pods live with and that are not recorded for them; only where there are such. */
  readonly 'unrecorded-addresses'?: readonly UnrecordedStatus[];
}

export interface UnrecordedStatus extends Omit<UnrecordedAddress, 'address'> {
  readonly address: string;
}

export function nodeStatus(
  state: Pick<NodeState, 'blocks' | 'records'>,
  unrecorded: readonly UnrecordedAddress[],
): NodeStatus {
  const pools = Map.groupBy(state.blocks, ({ pool }) => pool);
  // of a value that cannot be read nobody knows whose it is
  const named = state.records.filter(({ assignment: { containerId, pod } }) => containerId !== '' || pod !== '');
  const containers = Map.groupBy(named, containerOf);
  return {
    'address-blocks': sorted(pools, (blocks) => blocks.map(({ block }) => block.toString())),
    pods: sorted(containers, (records) => {
      const [first] = records.map(({ block, offset }) => block.nth(offset)).sort((a, b) => a.compare(b));
      return String(first);
    }),
    ...(unrecorded.length > 0 && {
      'unrecorded-addresses': unrecorded.map((each) => ({ ...each, address: String(each.address) })),
    }),
  };
}

function containerOf({ assignment: { containerId, namespace, pod } }: AddressRecord): string {
  return containerId === '' ? `${namespace}/${pod}` : containerId;
}

/** In the order of the keys, as Go prints maps. */
function sorted<T, R>(groups: ReadonlyMap<string, T>, print: (group: T) => R): Record<string, R> {
  const keys = [...groups.keys()].sort();
  return Object.fromEntries(keys.map((key) => [key, print(groups.get(key)!)]));
}
