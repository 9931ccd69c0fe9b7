import type { CoilError } from '../model/error.ts';
import { aborted } from '../process/aborted.ts';
import { Backoff, sleep } from '../process/backoff.ts';
import { formatDuration } from '../process/duration.ts';
import type { Logger } from '../process/logger.ts';
import { reportUnreadable } from '../process/report-unreadable.ts';
import type { IpamStore, PoolBlock } from '../store/ipam-store.ts';
import { NodeAbsences } from './node-absences.ts';
import { blockTexts, type FoundNode, NodeRelease, type NodeReleaseOutcome } from './node-release.ts';
import type { NodeNews, NodeSource } from './node-source.ts';
import type { Readiness, ReadinessPart } from './readiness.ts';

/** How often a process that does not lead looks for a node that is due, in milliseconds. */
const LOOK_MS = 5_000;

export interface NodeReclaimOptions {
  /** How long a node may be gone before it loses its blocks, in milliseconds. */
  readonly nodeGraceMs: number;
  /** How often owners and Nodes are compared without an occasion. */
  readonly scanIntervalMs: number;
  readonly backoff?: Backoff;
}

export interface NodeReclaimDeps {
  readonly nodes: NodeSource;
  readonly store: Pick<IpamStore, 'listBlocks' | 'releaseNode'>;
  readonly readiness: Pick<Readiness, 'report'>;
  readonly logger: Logger;
  /** Monotonic, in milliseconds. */
  readonly clock: () => number;
  readonly sleep?: typeof sleep;
}

/**
 * Takes blocks and addresses from nodes that are gone: those that own blocks, but are no Nodes of Kubernetes for longer
 * than a grace. A node that comes back within it is left alone. Who does not lead takes nothing, but knows since when a
 * node has been gone: the grace does not begin anew where another process comes to lead.
 *
 * What cannot be read is told at each comparison, and stops nothing else. A node loses what can be read. What it has
 * beside that is in nobody's list until it is put right or deleted: the comparison after that finds the node as an owner
 * that is gone, and it loses the rest after a grace of its own.
 */
export class NodeReclaim {
  readonly #options: NodeReclaimOptions;
  readonly #deps: NodeReclaimDeps;
  readonly #absences = new NodeAbsences();
  readonly #release: NodeRelease;
  /** Until when this process leads. */
  #leading: AbortSignal | undefined;
  /** What is being taken from a node. */
  #taking: Promise<unknown> = Promise.resolve();
  /** What keeps it from its work; of no interest while it does not lead. */
  readonly #problems = new Map<ReadinessPart, string | undefined>();
  #present: Set<string> | undefined;
  /** Resolved when there is something to compare. */
  #occasion = Promise.withResolvers<void>();

  constructor(options: NodeReclaimOptions, deps: NodeReclaimDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#release = new NodeRelease(deps);
  }

  /** Follows Nodes and owners until `signal` is aborted; what fails is tried again. Nodes lose nothing by it alone. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#follow(signal), this.#compareAgainAndAgain(signal)]);
  }

  /** While it runs, nodes lose blocks too: until `signal` is aborted, and what is under way has ended. */
  async lead(signal: AbortSignal): Promise<void> {
    this.#leading = signal;
    for (const [part, problem] of this.#problems) this.#deps.readiness.report(part, problem);
    if (this.#present) this.#occasion.resolve();
    await aborted(signal);
    this.#leading = undefined;
    await this.#taking;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    this.#report('nodes', 'the Nodes of Kubernetes are not known yet');
    for await (const news of this.#deps.nodes.watchNodes(signal)) this.#learn(news);
  }

  #learn(news: NodeNews): void {
    if (news.kind === 'all') {
      this.#present = new Set(news.names);
      this.#report('nodes', undefined);
      this.#occasion.resolve();
    } else if (news.kind === 'deleted') {
      this.#present?.delete(news.name);
      this.#occasion.resolve();
    } else {
      this.#present?.add(news.name);
      this.#release.cancel(news.name);
      this.#returned(news.name);
    }
  }

  #returned(node: string): void {
    if (this.#absences.forget(node)) this.#deps.logger.info('a node came back; it keeps its blocks', { node });
  }

  async #compareAgainAndAgain(signal: AbortSignal): Promise<void> {
    const backoff = this.#options.backoff ?? new Backoff({ baseMs: 500, maxMs: 10_000 });
    try {
      while (!signal.aborted) {
        await this.#untilOccasion(signal);
        if (await this.#compare(signal)) {
          backoff.reset();
        } else {
          await backoff.wait(signal);
          this.#occasion.resolve();
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Waits for news, for a grace to be over, or for the periodic comparison. */
  async #untilOccasion(signal: AbortSignal): Promise<void> {
    const { nodeGraceMs, scanIntervalMs } = this.#options;
    const { clock, sleep: wait = sleep } = this.#deps;
    const graceMs = this.#absences.nextDueMs(nodeGraceMs, clock()) ?? scanIntervalMs;
    const dueMs = this.#leading ? graceMs : Math.max(graceMs, LOOK_MS);
    const enough = new AbortController();
    try {
      const timer = wait(Math.min(dueMs, scanIntervalMs), AbortSignal.any([signal, enough.signal]));
      await Promise.race([this.#occasion.promise, timer]);
      this.#occasion = Promise.withResolvers();
    } finally {
      enough.abort();
    }
  }

  /** Gives whether all was done that was due. */
  async #compare(signal: AbortSignal): Promise<boolean> {
    const unreadable: CoilError[] = [];
    try {
      return await this.#compareWith(unreadable, signal);
    } finally {
      reportUnreadable(this.#deps.logger, unreadable);
    }
  }

  async #compareWith(unreadable: CoilError[], signal: AbortSignal): Promise<boolean> {
    const owners = await this.#readOwners(unreadable, signal);
    // read only now: what came of the Nodes in the meantime counts too
    const present = this.#present;
    if (owners === undefined || present === undefined) return owners !== undefined;
    const { logger, clock } = this.#deps;
    const { nodeGraceMs } = this.#options;
    for (const node of this.#absences.observe(new Set(owners.keys()), present, clock())) {
      const fields = { node, blocks: blockTexts(owners.get(node) ?? []), grace: formatDuration(nodeGraceMs) };
      logger.info('a node that owns blocks is not in Kubernetes; it loses them after the grace', fields);
    }
    let done = true;
    for (const node of this.#absences.due(nodeGraceMs, clock()))
      if (!(await this.#reclaim(node, { blocks: owners.get(node) ?? [], unreadable }, signal))) done = false;
    return done;
  }

  async #readOwners(
    unreadable: CoilError[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, readonly PoolBlock[]> | undefined> {
    const { store, logger } = this.#deps;
    try {
      const owners = await store.listBlocks(signal, unreadable);
      this.#report('datastore', undefined);
      return owners;
    } catch (error) {
      signal.throwIfAborted();
      this.#report('datastore', 'who owns which blocks cannot be read from the datastore');
      logger.error('cannot read who owns blocks; trying again', { error });
      return undefined;
    }
  }

  async #reclaim(node: string, found: Omit<FoundNode, 'mayTake'>, signal: AbortSignal): Promise<boolean> {
    const outcome = await this.#takeOrLook(node, found, signal);
    if (outcome === 'released') this.#absences.forget(node);
    if (outcome === 'back') this.#returned(node);
    // while Kubernetes cannot be asked, a node cannot come back either: that time is no part of its grace
    if (outcome === 'unknown') this.#absences.restart(node, this.#deps.clock());
    return outcome !== 'unknown' && outcome !== 'failed';
  }

  /** `gone` too where this process ceased to lead meanwhile. */
  async #takeOrLook(node: string, found: Omit<FoundNode, 'mayTake'>, signal: AbortSignal): Promise<NodeReleaseOutcome> {
    const leading = this.#leading;
    if (leading === undefined) return await this.#release.release(node, { ...found, mayTake: false }, signal);
    const taken = this.#release.release(node, { ...found, mayTake: true }, AbortSignal.any([signal, leading]));
    this.#taking = taken.catch(() => undefined);
    return await taken.catch((error: unknown) => {
      if (signal.aborted || !leading.aborted) throw error;
      return 'gone' as const;
    });
  }

  #report(part: ReadinessPart, problem: string | undefined): void {
    this.#problems.set(part, problem);
    if (this.#leading) this.#deps.readiness.report(part, problem);
  }
}
