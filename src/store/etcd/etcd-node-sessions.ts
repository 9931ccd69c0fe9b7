import { randomInt } from 'node:crypto';
import { CoilError } from '../../model/error.ts';
import { isRecord, parseJson } from '../../model/json.ts';
import { type HoldOutcome, type NodeHolder, type NodeSessions, SESSION_SECONDS } from '../node-sessions.ts';
import { readValue } from './block-document.ts';
import type { EtcdDatabase } from './etcd-database.ts';
import type { KeyValueMessage } from './etcd-messages.ts';
import { LEASE_GRANT, LEASE_KEEP_ALIVE, LEASE_REVOKE } from './etcd-protocol.ts';
import { readInto } from './read-into.ts';
import { get, hasValue, isAbsent, isAt, putUnder } from './transaction.ts';

/** Takers who come between a read and its write; with more than these in a row something else is wrong. */
const ATTEMPTS = 8;
/** As many as randomInt can draw from; etcd's own numbers are too long for a number of JavaScript. */
const LEASE_IDS = 2 ** 48 - 1;

/** Sessions as keys on leases of their own. */
export class EtcdNodeSessions implements NodeSessions {
  readonly #db: EtcdDatabase;
  readonly #leases = new Map<string, number>();

  constructor(db: EtcdDatabase) {
    this.#db = db;
  }

  async hold(node: string, holder: NodeHolder, signal: AbortSignal): Promise<HoldOutcome> {
    const lease = await this.#liveLease(node, signal);
    const key = this.#db.keys.session(node);
    const value = format(holder);
    let condition = hasValue(key, value);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const request = { compare: [condition], success: [putUnder(lease, key, value)], failure: [get(key)] };
      // most of the time it is there, and the lease is all that has to be held
      const response = await this.#db.client.transact(
        `hold the session of node ${node}`,
        attempt === 0 ? { ...request, success: [] } : request,
        signal,
      );
      if (response.succeeded) return { outcome: 'held' };
      const entry = response.responses[0]?.range?.kvs[0];
      const unreadable: CoilError[] = [];
      const by = entry && readHolder(entry, unreadable);
      if (unreadable[0]) return { outcome: 'unreadable', error: unreadable[0] };
      if (by && by.bootId !== holder.bootId) return { outcome: 'taken', by };
      condition = entry ? isAt(key, entry.modRevision) : isAbsent(key);
    }
    return { outcome: 'taken', by: { host: 'several at once', since: 'now' } };
  }

  async end(node: string, signal: AbortSignal): Promise<void> {
    const id = this.#leases.get(node);
    if (id === undefined) return;
    this.#leases.delete(node);
    await this.#db.client.lease(`end the session of node ${node}`, LEASE_REVOKE, { id }, signal);
  }

  /** The lease of last time, held anew; another one where there is none, or it ended. */
  async #liveLease(node: string, signal: AbortSignal): Promise<number> {
    const { client } = this.#db;
    const what = `hold the session of node ${node}`;
    const last = this.#leases.get(node);
    if (last !== undefined && (await client.lease(what, LEASE_KEEP_ALIVE, { id: last }, signal)).ttl > 0) return last;
    const id = randomInt(1, LEASE_IDS);
    await client.lease(what, LEASE_GRANT, { id, ttl: SESSION_SECONDS }, signal);
    this.#leases.set(node, id);
    return id;
  }
}

function format({ id, bootId, host, version, since }: NodeHolder): string {
  return JSON.stringify({ id, boot_id: bootId, host, version, since });
}

type Holder = Pick<NodeHolder, 'bootId' | 'host' | 'since'>;

/** Undefined where it cannot be read: that goes into `unreadable`. */
function readHolder({ key, value, lease }: KeyValueMessage, unreadable: CoilError[]): Holder | undefined {
  let holder: Holder | undefined;
  readInto(unreadable, () => {
    holder = readValue(key, () => parseHolder(value, lease));
  });
  return holder;
}

/** @throws {CoilError} corrupt-data */
function parseHolder(value: string, lease: number): Holder {
  const json = parseJson(value);
  if (!isRecord(json) || typeof json.boot_id !== 'string')
    throw new CoilError('corrupt-data', 'a session is a JSON object with the boot of its holder');
  if (lease === 0)
    throw new CoilError('corrupt-data', 'a session is on a lease, and this is on none, so nobody holds it');
  const text = (member: unknown) => (typeof member === 'string' ? member.slice(0, 256) : 'unknown');
  return { bootId: json.boot_id, host: text(json.host), since: text(json.since) };
}
