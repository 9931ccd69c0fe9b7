import { randomUUID } from 'node:crypto';
import type { PodAttacher } from '../cni/pod-attacher.ts';
import { CoilError } from '../model/error.ts';
import { abortable } from '../process/abortable.ts';
import { sleep } from '../process/backoff.ts';
import type { Logger } from '../process/logger.ts';
import { VERSION } from '../process/version.ts';
import { type HoldOutcome, type NodeHolder, type NodeSessions, SESSION_SECONDS } from '../store/node-sessions.ts';
import { lockNode, type NodeLockDeps } from './node-lock.ts';

/** Why the session is not this coild's. */
type Refusal = Exclude<HoldOutcome, { outcome: 'held' }>;
type Verbs = Pick<PodAttacher, 'add' | 'del' | 'check'>;

const HOLD_EVERY_MS = (SESSION_SECONDS * 1000) / 3;
/** How soon a coild that waits notices that the other has gone. */
const LOOK_EVERY_MS = 1_000;
const END_MS = 2_000;

export interface NodeSessionOptions {
  readonly node: string;
  /** Name of this host. */
  readonly host: string;
  /** Path of the file whose lock says that a coild of this machine serves the node. */
  readonly lock: string;
}

export interface NodeSessionDeps extends Pick<NodeLockDeps, 'tryLockFile'> {
  /** Undefined where the datastore is this machine's alone. */
  readonly sessions: NodeSessions | undefined;
  /** The kernel's name for this boot. */
  readonly bootId: () => Promise<string>;
  readonly now: () => Date;
  readonly logger: Logger;
  readonly sleep?: typeof sleep;
}

/**
 * Sees to it that one coild at a time serves a node: on this machine by a lock, among machines by a session in the
 * datastore. A second one waits, and says so. A datastore that cannot be asked is no reason to wait: a node works on
 * without it, and that two machines have one name is a mistake that is found later, when it can be asked.
 */
export class NodeSession {
  readonly #options: NodeSessionOptions;
  readonly #deps: NodeSessionDeps;
  readonly #permitted = Promise.withResolvers<void>();
  #obstacle: string | undefined;
  /** For another coild, which is known. */
  #isWaiting = false;

  constructor(options: NodeSessionOptions, deps: NodeSessionDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#obstacle = `coild does not know yet whether another one serves node ${options.node}`;
  }

  /** Why this coild must not serve; undefined where it may. */
  get obstacle(): string | undefined {
    return this.#obstacle;
  }

  /** Resolves once this coild may serve. */
  get permitted(): Promise<void> {
    return this.#permitted.promise;
  }

  /**
   * Waits until it is known whether this coild may serve.
   * @throws {CoilError} conflict, at once, where another one does; store-unavailable where `signal` ends the wait
   */
  async ready(signal: AbortSignal): Promise<void> {
    if (this.#obstacle === undefined) return;
    if (this.#isWaiting) throw new CoilError('conflict', this.#obstacle);
    try {
      await abortable(this.permitted, signal);
    } catch (cause) {
      throw new CoilError('store-unavailable', this.#obstacle, { cause });
    }
  }

  /** The verbs of CNI, each once it is known whether this coild may serve. @throws as `ready` */
  before(verbs: Verbs): Verbs {
    return {
      add: async (request, signal) => {
        await this.ready(signal);
        return await verbs.add(request, signal);
      },
      del: async (request, signal) => {
        await this.ready(signal);
        await verbs.del(request, signal);
      },
      check: async (request, signal) => {
        await this.ready(signal);
        await verbs.check(request, signal);
      },
    };
  }

  /**
   * Holds the session until `signal` is aborted.
   * @throws {CoilError} conflict where another machine has taken it after this coild began to serve
   */
  async run(signal: AbortSignal): Promise<void> {
    const { node, lock } = this.#options;
    try {
      const waiting = () => this.#wait(`another coild on this machine serves node ${node}; waiting until it ends`);
      using _lock = await lockNode(lock, { ...this.#deps, waiting }, signal);
      await this.#hold(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await this.#deps.sessions
        ?.end(node, AbortSignal.timeout(END_MS))
        .catch((error) => this.#deps.logger.warn('cannot end the session of this node; it ends by itself', { error }));
    }
  }

  async #hold(signal: AbortSignal): Promise<void> {
    const { sessions, bootId, now, logger, sleep: wait = sleep } = this.#deps;
    const { node, host } = this.#options;
    const holder = { id: randomUUID(), bootId: await bootId(), host, version: VERSION, since: now().toISOString() };
    let serves = false;
    let refusal: Refusal | undefined;
    for (;;) {
      const before = refusal;
      refusal = sessions && (await this.#refusal(sessions, { holder, known: refusal }, signal));
      if (refusal && !serves) {
        this.#wait(reasonOf(refusal, node));
      } else if (refusal?.outcome === 'taken') {
        throw new CoilError('conflict', reasonOf(refusal, node));
      } else if (refusal) {
        // whoever comes to serve this node waits as it cannot be read
        const { error } = refusal;
        if (before === undefined) logger.error('the session of this node cannot be read; serving on', { error });
      } else {
        this.#obstacle = undefined;
        this.#isWaiting = false;
        serves = true;
        this.#permitted.resolve();
      }
      await wait(serves ? HOLD_EVERY_MS : LOOK_EVERY_MS, signal);
    }
  }

  /** Undefined where this coild has the session, or where nobody can say; but for another machine that was `known`. */
  async #refusal(
    sessions: NodeSessions,
    { holder, known }: { readonly holder: NodeHolder; readonly known: Refusal | undefined },
    signal: AbortSignal,
  ): Promise<Refusal | undefined> {
    try {
      const held = await sessions.hold(this.#options.node, holder, signal);
      return held.outcome === 'held' ? undefined : held;
    } catch (error) {
      signal.throwIfAborted();
      this.#deps.logger.debug('cannot hold the session of this node; trying again', { error });
      // the one of this machine is from before a reboot, and gone
      return known?.outcome === 'taken' && known.by.host === holder.host ? undefined : known;
    }
  }

  #wait(obstacle: string): void {
    if (obstacle === this.#obstacle) return;
    this.#obstacle = obstacle;
    this.#isWaiting = true;
    this.#deps.logger.warn('waiting to serve this node', { reason: obstacle });
  }
}

function reasonOf(refusal: Refusal, node: string): string {
  if (refusal.outcome === 'unreadable')
    return `nobody can tell whether another coild serves node ${node}: ${refusal.error.message}; if none does, delete that key`;
  const { host, since } = refusal.by;
  return `another coild serves node ${node}: on host ${host}, since ${since}; is COIL_NODE_NAME right on both?`;
}
