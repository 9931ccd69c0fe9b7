import { errorText } from '../process/error-text.ts';
import type { ConnectionStatus } from '../store/store-connection.ts';

/** What `GET /status` tells of the datastore, where coild can go on without it. */
export interface DatastoreStatus {
  readonly state: 'online' | 'offline';
  /** RFC 3339; since when it is offline, and why. */
  readonly since?: string;
  readonly reason?: string;
  /** Number of changes that the datastore was not told of yet. */
  readonly 'pending-writes': number;
  /** Pods that live with an address which is not their own any more. */
  readonly 'lost-addresses': readonly LostPod[];
}

export interface LostPod {
  readonly address: string;
  readonly 'pod-namespace': string;
  readonly 'pod-name': string;
  readonly 'container-id': string;
  readonly reason: string;
}

export function datastoreStatus({ outage, pendingWrites, lost }: ConnectionStatus): { datastore: DatastoreStatus } {
  const offline = outage && {
    state: 'offline' as const,
    ...{ since: outage.since.toISOString(), reason: errorText(outage.error) },
  };
  const pods = lost.map(({ record: { block, offset, assignment }, reason }) => ({
    address: block.nth(offset).toString(),
    'pod-namespace': assignment.namespace,
    'pod-name': assignment.pod,
    'container-id': assignment.containerId,
    reason,
  }));
  return { datastore: { state: 'online', ...offline, 'pending-writes': pendingWrites, 'lost-addresses': pods } };
}
