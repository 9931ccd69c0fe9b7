import { randomInt } from 'node:crypto';
import { isRecord } from '../../model/json.ts';
import { type HoldOutcome, type NodeHolder, type NodeSessions, SESSION_SECONDS } from '../node-sessions.ts';
import type { EtcdDatabase } from './etcd-database.ts';
import { LEASE_GRANT, LEASE_KEEP_ALIVE, LEASE_REVOKE } from './etcd-protocol.ts';
import { found, get, hasValue, isAbsent, isAt, type KeyValue, putUnder } from './transaction.ts';

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
      const entry = found(response)[0]?.[0];
      // one without a lease, which nothing would end, is a copy of a session, or no one's
      const by = entry?.isLeased ? parse(entry) : undefined;
      if (by && !(by.bootId === holder.bootId && by.lock === holder.lock)) return { outcome: 'taken', by };
      condition = entry ? isAt(key, entry.revision) : isAbsent(key);
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

function format({ id, bootId, lock, host, version, since }: NodeHolder): string {
  return JSON.stringify({ id, boot_id: bootId, lock, host, version, since });
}

/** Of what cannot be read, nothing is known but that it is another's. */
function parse({ value }: KeyValue): Pick<NodeHolder, 'bootId' | 'lock' | 'host' | 'since'> {
  const text = (member: unknown) => (typeof member === 'string' ? member.slice(0, 256) : 'unknown');
  const read = ({ boot_id, lock, host, since }: Record<string, unknown>) => ({
    ...{ bootId: text(boot_id), lock: text(lock), host: text(host), since: text(since) },
  });
  try {
    const json: unknown = JSON.parse(value);
    if (isRecord(json)) return read(json);
  } catch {
    // as below
  }
  return read({});
}
