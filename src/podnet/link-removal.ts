import { randomInt } from 'node:crypto';
import { deleteLink, deleteLinkGroup, setLink } from '../netlink/links.ts';
import { NetlinkError } from '../netlink/netlink-error.ts';
import type { Outcome, Request } from '../netlink/request.ts';
import { abortable } from '../process/abortable.ts';
import type { Logger } from '../process/logger.ts';

/** Of a netlink socket in the node's namespace. */
export interface BatchSender {
  batch(requests: readonly Request<unknown>[]): Promise<readonly Outcome<unknown>[]>;
  close(): Promise<void>;
}

/** A link is deleted by its index, which the kernel counts up and does not give to the next; its name is what others wait for. */
export interface DoomedLink {
  readonly name: string;
  readonly index: number;
}

interface Deletion extends PromiseWithResolvers<void> {
  readonly link: DoomedLink;
}

/**
 * Deletes links in the background. A veth's deletion waits 10 to 30 ms for RCU, with the rtnl lock held, and the whole
 * node waits with it: those that are asked for while one is under way are deleted together, and share the next wait.
 */
export class LinkRemoval {
  readonly #openSocket: () => BatchSender;
  readonly #logger: Pick<Logger, 'warn'>;
  #socket: BatchSender | undefined;
  #queue: Deletion[] = [];
  #worker: Promise<void> | undefined;
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #failed = new Map<string, DoomedLink>();

  constructor(openSocket: () => BatchSender, logger: Pick<Logger, 'warn'>) {
    this.#openSocket = openSocket;
    this.#logger = logger;
  }

  /** Resolves when the link is gone, by whomever. @throws {NetlinkError} */
  remove(link: DoomedLink): Promise<void> {
    const deletion: Deletion = { link, ...Promise.withResolvers<void>() };
    this.#queue.push(deletion);
    const over = deletion.promise.catch(() => undefined).finally(() => this.#forget(link.name, over));
    this.#underWay.set(link.name, over);
    this.#worker ??= this.#work();
    return deletion.promise;
  }

  /** Like `remove`, for nobody to wait for: a failure is logged, and is tried again by `retryFailed`. */
  removeInBackground(link: DoomedLink): void {
    this.remove(link).catch((error: unknown) => {
      this.#failed.set(link.name, link);
      this.#logger.warn('cannot delete the link of a detached Pod; will try again', { link: link.name, error });
    });
  }

  retryFailed(): void {
    const links = [...this.#failed.values()];
    this.#failed.clear();
    for (const link of links) this.removeInBackground(link);
  }

  /** Takes back what failed for a link of that name, which is to be used from now on. */
  spare(name: string): void {
    this.#failed.delete(name);
  }

  isUnderWay(name: string): boolean {
    return this.#underWay.has(name);
  }

  /** Whether a link of that name is to go: now, or when it is tried again. */
  isDoomed(name: string): boolean {
    return this.#underWay.has(name) || this.#failed.has(name);
  }

  /** Waits until no deletion of a link of that name is under way, however it ends. @throws the signal's reason */
  async finished(name: string, signal: AbortSignal): Promise<void> {
    const over = this.#underWay.get(name);
    if (over !== undefined) await abortable(over, signal);
  }

  /** Waits until no deletion is under way, however they end. */
  async settled(): Promise<void> {
    while (this.#worker !== undefined) await this.#worker;
  }

  async close(): Promise<void> {
    await this.settled();
    await this.#socket?.close();
  }

  #forget(name: string, over: Promise<void>): void {
    if (this.#underWay.get(name) === over) this.#underWay.delete(name);
  }

  async #work(): Promise<void> {
    // what is asked for in the same turn of the event loop shares the first wait already
    await new Promise(setImmediate);
    while (this.#queue.length > 0) {
      const deletions = this.#queue;
      this.#queue = [];
      await this.#delete(deletions);
    }
    this.#worker = undefined;
  }

  async #delete(deletions: readonly Deletion[]): Promise<void> {
    try {
      this.#socket ??= this.#openSocket();
      const failures = await deleteTogether(
        this.#socket,
        deletions.map(({ link }) => link.index),
      );
      for (const [i, { resolve, reject }] of deletions.entries()) {
        const failure = failures[i];
        if (failure === undefined) resolve();
        else reject(failure);
      }
    } catch (error) {
      for (const { reject } of deletions) reject(error);
    }
  }
}

/**
 * The failure of each, if any. By a group of their own, which is a random number, since administrators number theirs
 * by hand.
 */
async function deleteTogether(socket: BatchSender, indices: readonly number[]): Promise<(Error | undefined)[]> {
  const [only] = indices;
  if (indices.length === 1 && only !== undefined) {
    const [outcome] = await socket.batch([deleteLink(only)]);
    return [unlessGone(outcome?.error)];
  }
  const group = randomInt(0x10000, 0x7fffffff);
  const grouped = await socket.batch(indices.map((index) => setLink(index, { group })));
  const [deleted] = await socket.batch([deleteLinkGroup(group)]);
  const failure = unlessGone(deleted?.error);
  return grouped.map(({ error }) => unlessGone(error) ?? failure);
}

function unlessGone(error: Error | undefined): Error | undefined {
  return NetlinkError.is(error, 'ENODEV') ? undefined : error;
}
