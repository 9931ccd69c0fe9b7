import { CoilError } from './error.ts';
import { isRecord, parseJson } from './json.ts';

/** Before 1.0.2 the time was not kept. */
const UNKNOWN_TIME = '1970-01-01T00:00:00Z';
/** RFC 3339 section 5.6, with what Go's time package takes. */
const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/** v1 recorded no interface: there was no other. */
export const V1_IFNAME = 'eth0';

/** Whom an address is assigned to. */
export interface IpAssignment {
  /** Empty in what Coil before 1.0.2 wrote. */
  readonly containerId: string;
  readonly namespace: string;
  readonly pod: string;
  /** RFC 3339, as it stands in the datastore: Go wrote nanoseconds, which a Date would lose. */
  readonly createdAt: string;
  /** Name of the interface in the container; absent in what v1 wrote, where it is {@link V1_IFNAME}. */
  readonly ifname?: string;
  /** UID of the Pod; absent where nobody told. A Pod that is made anew under the same name has another one. */
  readonly podUid?: string;
  /** Name of the CNI network; absent where the address was not asked for by CNI. */
  readonly network?: string;
}

/** Ours, by the member of JSON that holds each. */
const OUR_MEMBERS = { ifname: 'ifname', podUid: 'pod_uid', network: 'network' } as const;

/** The value of an `ip/` key: v1's members in v1's order, then ours, which v1 does not mind. */
export function formatIpAssignment(assignment: IpAssignment): string {
  const { containerId, namespace, pod, createdAt } = assignment;
  const ours = ourMembers().flatMap(([name, member]) => {
    const value = assignment[name];
    return value === undefined ? [] : [[member, value] as const];
  });
  const members = { container_id: containerId, namespace, pod, created_at: createdAt };
  return JSON.stringify({ ...members, ...Object.fromEntries(ours) });
}

/**
 * Reads the value of an `ip/` key, also `<namespace>/<pod>` as Coil before 1.0.2 wrote it.
 * @throws {CoilError} corrupt-data
 */
export function parseIpAssignment(value: string): IpAssignment {
  const old = /^([^/{}"\s]+)\/([^/{}"\s]+)$/.exec(value);
  if (old) return { containerId: '', namespace: old[1]!, pod: old[2]!, createdAt: UNKNOWN_TIME };
  const json = parseJson(value);
  if (!isRecord(json)) throw new CoilError('corrupt-data', 'an address assignment is a JSON object');
  const text = (member: string): string => {
    const found = json[member] ?? '';
    if (typeof found !== 'string') throw new CoilError('corrupt-data', `${member} is not a string`);
    return found;
  };
  const createdAt = json.created_at === undefined ? UNKNOWN_TIME : text('created_at');
  if (!RFC3339.test(createdAt))
    throw new CoilError('corrupt-data', `created_at is not a time of RFC 3339: ${JSON.stringify(createdAt)}`);
  const ours = ourMembers().flatMap(([name, member]) =>
    json[member] === undefined ? [] : [[name, text(member)] as const],
  );
  const members = { containerId: text('container_id'), namespace: text('namespace'), pod: text('pod'), createdAt };
  return { ...members, ...Object.fromEntries(ours) };
}

function ourMembers() {
  return Object.entries(OUR_MEMBERS) as [keyof typeof OUR_MEMBERS, string][];
}
