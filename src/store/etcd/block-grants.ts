import { CoilError } from '../../model/error.ts';
import type { IpPrefix } from '../../model/ip-prefix.ts';
import { Backoff } from '../../process/backoff.ts';
import { BlockDocument } from './block-document.ts';
import type { SubnetBlocks } from './block-documents.ts';
import { formatAnswer, readRequests, type WaitingRequest } from './block-request.ts';
import { CHANGE_ATTEMPTS, CHANGE_BACKOFF, type EtcdDatabase } from './etcd-database.ts';
import type { RequestOp, TxnResponse } from './etcd-messages.ts';
import { found, get, getAll, isAt, put, remove, revisionOf } from './transaction.ts';

/** Two operations an answer, one for each answer of the round before, and three more: below etcd's 128. */
const MAX_ANSWERS = 40;
/** Full subnets that are compared once more when a request is refused; of others the last look has to do. */
const MAX_COMPARED = 80;
/** Requests that one node answers before it leaves the rest to others: this many times `MAX_ANSWERS`. */
const MAX_ROUNDS = 100;

export interface Answer {
  readonly block: IpPrefix | null;
  readonly revision: number;
}

interface Round {
  readonly subnet: SubnetBlocks | undefined;
  readonly document: BlockDocument | undefined;
  readonly answers: readonly { readonly request: WaitingRequest; readonly block: IpPrefix | null }[];
}

/** Answers the requests of one pool and family, the longest waiting first; one's own among them. */
export class BlockGrants {
  readonly #db: EtcdDatabase;
  /** Beginning of the requests' keys. */
  readonly #queue: string;
  readonly #ownKey: string;
  readonly #ownNode: string;
  readonly #damaged: CoilError | undefined;
  #subnets: readonly SubnetBlocks[];
  #waiting: readonly WaitingRequest[] = [];
  /** What nobody waits for any more. */
  #over: readonly WaitingRequest[] = [];
  #own: Answer | undefined;

  /**
   * @param subnets of the family, in the pool's order
   * @param damaged why there is one more, of which nobody knows whether it has free blocks
   */
  constructor(
    db: EtcdDatabase,
    queue: string,
    own: { key: string; node: string; subnets: readonly SubnetBlocks[]; damaged?: CoilError | undefined },
  ) {
    this.#db = db;
    this.#queue = queue;
    this.#ownKey = own.key;
    this.#ownNode = own.node;
    this.#subnets = own.subnets;
    this.#damaged = own.damaged;
  }

  /**
   * Answers until nobody waits. Gives the answer to one's own request; undefined where somebody else gave it.
   * @throws {CoilError} corrupt-data, where only what is damaged may have a free block; conflict, where others change the
   *   documents all the time
   */
  async answer(requests: readonly WaitingRequest[], signal: AbortSignal): Promise<Answer | undefined> {
    this.#sort(requests);
    const backoff = new Backoff(CHANGE_BACKOFF);
    try {
      for (let failures = 0, rounds = 0; this.#waiting.length > 0 && rounds < MAX_ROUNDS; ) {
        if (await this.#answerSome(signal)) rounds++;
        else if (!this.#own && !this.#waiting.some(({ key }) => key === this.#ownKey)) return undefined;
        else if (++failures === CHANGE_ATTEMPTS) throw tooManyConflicts(this.#queue);
        else if (failures > 1) await backoff.wait(signal);
      }
      await this.#tidy(signal);
    } catch (error) {
      // the others find out by themselves that nobody answers them
      if (!this.#own) throw error;
    }
    return this.#own;
  }

  #sort(requests: readonly WaitingRequest[]): void {
    // a node asks for one block at a time: an older request of its own is one of a process that died
    const isOver = ({ key, node, block }: WaitingRequest) =>
      block !== undefined || (node === this.#ownNode && key !== this.#ownKey);
    this.#waiting = requests.filter((request) => !isOver(request)).sort((a, b) => a.revision - b.revision);
    this.#over = requests.filter(isOver);
  }

  /** One transaction. False where others changed the same: what there is now has been read then. */
  async #answerSome(signal: AbortSignal): Promise<boolean> {
    const round = this.#plan();
    const { subnet, document, answers } = round;
    const full = subnet ? [subnet] : this.#subnets.slice(0, MAX_COMPARED);
    const response = await this.#db.client.transact(
      'answer nodes that wait for blocks',
      {
        compare: [
          ...full.map(({ document: { key, revision } }) => isAt(key, revision)),
          ...answers.map(({ request: { key, revision } }) => isAt(key, revision)),
        ],
        success: [...this.#operations(round), getAll(this.#queue)],
        failure: [getAll(this.#queue), ...full.map(({ document: { key } }) => get(key))],
      },
      signal,
    );
    const revision = revisionOf(response);
    if (response.succeeded) {
      const own = answers.find(({ request }) => request.key === this.#ownKey);
      if (own) this.#own = { block: own.block, revision };
      if (document) this.#replace(document.at(revision));
    } else {
      for (const [i, [entry]] of found(response).slice(1).entries()) {
        if (entry) this.#replace(BlockDocument.read(entry));
        else this.#drop(full[i]!);
      }
    }
    this.#sort(requestsIn(response));
    return response.succeeded;
  }

  /** Blocks of the first subnet that has some; none where all are full. @throws {CoilError} corrupt-data */
  #plan(): Round {
    const some = this.#waiting.slice(0, MAX_ANSWERS);
    const subnet = this.#subnets.find(({ document }) => document.freeCount > 0);
    if (!subnet && this.#damaged) throw this.#damaged;
    if (!subnet) return { subnet, document: undefined, answers: some.map((request) => ({ request, block: null })) };
    let { document } = subnet;
    const answers = [];
    for (const request of some) {
      const isRefused = request.isSpare && document.freeCount === 1;
      const acquired = isRefused ? undefined : document.acquire(request.node);
      if (!acquired && !isRefused) break;
      document = acquired?.document ?? document;
      answers.push({ request, block: acquired?.block ?? null });
    }
    return { subnet, document, answers };
  }

  #operations({ subnet, document, answers }: Round): RequestOp[] {
    const { keys } = this.#db;
    return [
      ...(subnet && document ? [put(document.key, String(document)), put(keys.subnet(subnet.subnet), '')] : []),
      ...answers.flatMap(({ request: { key, node }, block }) => [
        key === this.#ownKey ? remove(key) : put(key, formatAnswer(node, block)),
        ...(block ? [put(keys.owner(block), node)] : []),
      ]),
      // their nodes watch, and see the answer and then its end
      ...this.#over.slice(0, MAX_ANSWERS).map(({ key }) => remove(key)),
    ];
  }

  async #tidy(signal: AbortSignal): Promise<void> {
    if (this.#over.length === 0) return;
    const success = this.#over.slice(0, MAX_ANSWERS).map(({ key }) => remove(key));
    await this.#db.client.transact('remove answers', { success }, signal);
  }

  /** The subnet was removed meanwhile. */
  #drop({ document }: SubnetBlocks): void {
    this.#subnets = this.#subnets.filter((each) => each.document.key !== document.key);
  }

  #replace(document: BlockDocument): void {
    this.#subnets = this.#subnets.map((each) => (each.document.key === document.key ? { ...each, document } : each));
  }
}

function requestsIn(response: TxnResponse): WaitingRequest[] {
  const ranges = found(response);
  // what cannot be read was told when this node began to answer
  return readRequests(response.succeeded ? ranges.at(-1)! : ranges[0]!, []);
}

function tooManyConflicts(queue: string): CoilError {
  return new CoilError('conflict', `cannot answer ${queue}: others acquire blocks of the pool all the time; try again`);
}
