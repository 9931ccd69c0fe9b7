import type { CoilError } from '../model/error.ts';
import type { Logger } from '../process/logger.ts';
import type { IpamStore, PoolBlock } from '../store/ipam-store.ts';
import type { NodeSource } from './node-source.ts';

export interface NodeReleaseDeps {
  readonly nodes: Pick<NodeSource, 'hasNode'>;
  readonly store: Pick<IpamStore, 'releaseNode'>;
  readonly logger: Logger;
}

/**
 * `gone`: it is, and nothing was to be taken. `unknown`: Kubernetes could not be asked. `failed`: the datastore did not
 * answer; some blocks may be released.
 */
export type NodeReleaseOutcome = 'released' | 'gone' | 'back' | 'unknown' | 'failed';

/** A node, as a comparison found it. */
export interface FoundNode {
  /** What it is known to own. */
  readonly blocks: readonly PoolBlock[];
  /** Where to put what cannot be read: the node keeps what it has there. */
  readonly unreadable: CoilError[];
  /** Whether it is to lose its blocks, rather than to be looked for only. */
  readonly mayTake: boolean;
}

/** Takes blocks and addresses from one node at a time, after a last look whether it is gone. */
export class NodeRelease {
  readonly #deps: NodeReleaseDeps;
  #current: { readonly node: string; readonly stop: AbortController } | undefined;

  constructor(deps: NodeReleaseDeps) {
    this.#deps = deps;
  }

  /** The node is back: what is under way against it stops, as far as it can. */
  cancel(node: string): void {
    if (this.#current?.node === node) this.#current.stop.abort(new Error(`node ${node} came back`));
  }

  /** @throws the reason of `signal` alone */
  async release(
    node: string,
    { blocks, unreadable, mayTake }: FoundNode,
    signal: AbortSignal,
  ): Promise<NodeReleaseOutcome> {
    const { nodes, store, logger } = this.#deps;
    const stop = new AbortController();
    const until = AbortSignal.any([signal, stop.signal]);
    this.#current = { node, stop };
    let step: 'unknown' | 'failed' = 'unknown';
    try {
      if (await nodes.hasNode(node, until)) return 'back';
      if (!mayTake) return 'gone';
      step = 'failed';
      until.throwIfAborted();
      const taken = await store.releaseNode(node, until, unreadable);
      logger.info('released the blocks and addresses of a node that is gone', { node, blocks: blockTexts(taken) });
      return 'released';
    } catch (error) {
      signal.throwIfAborted();
      logger[step === 'unknown' ? 'warn' : 'error'](FAILURES[step], { node, blocks: blockTexts(blocks), error });
      return step;
    } finally {
      this.#current = undefined;
    }
  }
}

const FAILURES = {
  unknown: 'cannot ask Kubernetes whether a node is gone; its grace begins anew',
  failed: 'cannot release the blocks of a node that is gone; trying again',
} as const;

/** As the log has them. */
export function blockTexts(blocks: readonly PoolBlock[]): string[] {
  return blocks.map(({ block }) => String(block));
}
