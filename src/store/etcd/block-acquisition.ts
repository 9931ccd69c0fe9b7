import { randomUUID } from 'node:crypto';
import { CoilError } from '../../model/error.ts';
import { sleep } from '../../process/backoff.ts';
import type { AcquiredBlock, BlockRequest } from '../ipam-store.ts';
import { orderBlocks } from './block-documents.ts';
import { type Answer, BlockGrants } from './block-grants.ts';
import { formatRequest, readRequest, readRequests } from './block-request.ts';
import type { EtcdDatabase } from './etcd-database.ts';
import type { TxnResponse } from './etcd-messages.ts';
import { poolNotFound, readPool, withSubnets } from './pool-values.ts';
import {
  found,
  get,
  getAll,
  hasValue,
  isEmpty,
  isPresent,
  type KeyValue,
  put,
  remove,
  revisionOf,
} from './transaction.ts';
import { WatchStream } from './watch-stream.ts';

/** How long one who waits trusts that somebody answers; then it does so itself. At random up to twice as long. */
const PATIENCE_MS = 1000;
const MAX_TAKEOVERS = 20;
const WITHDRAW_TIMEOUT_MS = 1000;

/**
 * Acquires a block in two transactions where nobody else does at the same time: one enters a request and reads the
 * blocks, one takes a block. Where others do, the first answers for all, and each of them needs its first transaction
 * only: it sees the answer by a watch. If the first one dies, another one goes on.
 *
 * A request that cannot be read is nobody's: it stays as it is, and has whoever comes after it wait as for one who died.
 */
export async function acquireBlock(
  db: EtcdDatabase,
  request: BlockRequest,
  signal: AbortSignal,
  unreadable: CoilError[],
): Promise<AcquiredBlock> {
  const { node, pool, family, isSpare } = request;
  const queue = db.keys.requests(pool, family);
  const acquisition = new Acquisition(db, request, { queue, key: queue + randomUUID(), unreadable });
  let answer: Answer | undefined;
  try {
    answer = await acquisition.run(signal);
  } finally {
    if (!answer) await acquisition.withdraw();
  }
  if (answer.block) return { pool, block: answer.block, revision: answer.revision };
  await acquisition.requirePool(signal);
  const why = isSpare ? 'are assigned, or the last ones' : 'are assigned';
  const message = `no free block: all IPv${family} blocks of pool ${pool} ${why} (asked for node ${node})`;
  throw new CoilError('out-of-blocks', message);
}

class Acquisition {
  readonly #db: EtcdDatabase;
  readonly #request: BlockRequest;
  readonly #queue: string;
  readonly #key: string;
  readonly #what: string;
  /** The request as it waits. */
  readonly #value: string;
  readonly #unreadable: CoilError[];

  constructor(
    db: EtcdDatabase,
    request: BlockRequest,
    { queue, key, unreadable }: { queue: string; key: string; unreadable: CoilError[] },
  ) {
    this.#db = db;
    this.#request = request;
    this.#queue = queue;
    this.#key = key;
    this.#what = `acquire an IPv${request.family} block of pool ${request.pool} for node ${request.node}`;
    this.#unreadable = unreadable;
    this.#value = formatRequest({ node: request.node, isSpare: request.isSpare ?? false });
  }

  async run(signal: AbortSignal): Promise<Answer> {
    const { keys, client } = this.#db;
    const { pool } = this.#request;
    const enter = put(this.#key, this.#value);
    const poolExists = isPresent(keys.pool(pool));
    const response = await client.transact(
      this.#what,
      {
        compare: [poolExists, isEmpty(this.#queue)],
        success: [enter, ...this.#blocks()],
        failure: [{ txn: { compare: [poolExists], success: [enter] } }],
      },
      signal,
    );
    if (!response.succeeded && !response.responses[0]?.txn?.succeeded) throw poolNotFound(pool);
    const own = { key: this.#key, value: this.#value, revision: revisionOf(response) };
    const answer = response.succeeded ? await this.#answer(response, [own], signal) : undefined;
    return answer ?? (await this.#wait(own.revision, signal));
  }

  /** Removes the request unless it was answered; what was acquired then is the node's all the same. */
  async withdraw(): Promise<void> {
    const request = { compare: [hasValue(this.#key, this.#value)], success: [remove(this.#key)] };
    await this.#db.client
      .transact('withdraw a request for a block', request, AbortSignal.timeout(WITHDRAW_TIMEOUT_MS))
      // whoever answers it gives the node a block in advance
      .catch(() => undefined);
  }

  async #wait(since: number, signal: AbortSignal): Promise<Answer> {
    const left = new AbortController();
    const ended = AbortSignal.any([signal, left.signal]);
    using stream = await WatchStream.open(this.#db.client, { what: this.#what, maxWaiting: 10 }, signal);
    ended.addEventListener('abort', () => stream.fail(ended.reason), { once: true });
    stream.watch(this.#key, `${this.#key}\0`, since + 1);
    const event = stream[Symbol.asyncIterator]().next();
    // it is looked at below
    event.catch(() => undefined);
    try {
      for (let takeover = 0; takeover < MAX_TAKEOVERS; takeover++) {
        const patience = sleep(PATIENCE_MS * (1 + Math.random()), ended).then(() => undefined);
        const told = await Promise.race([event, patience]);
        const answer = told ? await this.#read(told, ended) : await this.#takeOver(ended);
        if (answer) return answer;
      }
    } finally {
      left.abort();
    }
    throw new CoilError('conflict', `cannot ${this.#what}: others acquire blocks at the same time; try again`);
  }

  async #read(
    { value: event }: IteratorResult<{ entry: KeyValue; removed: boolean }, unknown>,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { entry, removed } = event as { entry: KeyValue; removed: boolean };
    const block = removed ? undefined : readRequest(entry).block;
    if (block !== undefined) return { block, revision: entry.revision };
    await this.requirePool(signal);
    throw new CoilError('conflict', `cannot ${this.#what}: the request was removed; try again`);
  }

  /** A pool that is removed takes the requests with it. @throws {CoilError} pool-not-found */
  async requirePool(signal: AbortSignal): Promise<void> {
    const { client, keys } = this.#db;
    const { pool } = this.#request;
    const [entries] = found(await client.read(this.#what, [get(keys.pool(pool))], signal));
    if (entries?.length === 0) throw poolNotFound(pool);
  }

  async #takeOver(signal: AbortSignal): Promise<Answer | undefined> {
    const ranges = [getAll(this.#queue), ...this.#blocks()];
    const response = await this.#db.client.read(this.#what, ranges, signal);
    return await this.#answer(response, found(response)[0]!, signal);
  }

  /** What `#answer` needs to read. */
  #blocks() {
    const { keys } = this.#db;
    const { pool } = this.#request;
    return [get(keys.pool(pool)), getAll(keys.blocksOf(pool))];
  }

  async #answer(
    response: TxnResponse,
    requests: readonly KeyValue[],
    signal: AbortSignal,
  ): Promise<Answer | undefined> {
    const [[pool], documents] = found(response).slice(-2) as [KeyValue[], KeyValue[]];
    if (!pool) throw poolNotFound(this.#request.pool);
    const { node, family } = this.#request;
    const ofFamily = withSubnets(readPool(pool), (subnet) => subnet.family === family);
    const damaged: CoilError[] = [];
    const subnets = orderBlocks(this.#db.keys, new Map([[this.#request.pool, ofFamily]]), documents, damaged);
    this.#unreadable.push(...damaged);
    const own = { key: this.#key, node, subnets, damaged: damaged[0] };
    const grants = new BlockGrants(this.#db, this.#queue, own);
    const waiting = readRequests(requests, this.#unreadable);
    if (!waiting.some(({ key, block }) => key === this.#key && block === undefined)) return undefined;
    return await grants.answer(waiting, signal);
  }
}
