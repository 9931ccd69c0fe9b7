import type { Logger } from '../process/logger.ts';
import type { PodUidSource } from './pod-uid-source.ts';
import type { RecordedAttachment } from './recorded-attachment.ts';
import type { Sandbox, SandboxSource } from './sandbox-source.ts';
import { type UnlinkedDeps, unlinkedOf } from './unlinked.ts';

/**
 * What says that an attachment is gone. `node`: no link of it is there, so that no namespace is behind one. `runtime`:
 * the container runtime does not know the sandbox. `api`: the API server has no Pod of that UID.
 */
export type Proof = 'node' | 'runtime' | 'api';

export interface LeakJudgeDeps extends UnlinkedDeps {
  readonly sandboxes?: SandboxSource | undefined;
  readonly podUids?: PodUidSource | undefined;
  readonly logger: Logger;
}

/** A look does not ask the API server for more Pods than these; it is asked for the others after them. */
const MAX_PODS_ASKED = 100;
const NONE: ReadonlySet<string> = new Set();

/** Whether these are two independent proofs, of which the node's is always one. */
export function isProven(proofs: ReadonlySet<Proof>): boolean {
  return proofs.has('node') && (proofs.has('runtime') || proofs.has('api'));
}

/** Compares what is recorded with the node, the container runtime and the API server. A source that is silent proves nothing. */
export class LeakJudge {
  readonly #deps: LeakJudgeDeps;
  readonly #silent = new Set<Proof>();
  /** Attachments whose Pods the API server has, in the order in which it said so. */
  readonly #held = new Set<string>();

  constructor(deps: LeakJudgeDeps) {
    this.#deps = deps;
  }

  /**
   * The proofs against attachments, by their keys; those that are not proven gone are left out.
   * @param all that are recorded on the node, read before this is called: what is attached later is not judged
   * @param wanted those that the answer is to be about
   */
  async judge(
    all: readonly RecordedAttachment[],
    signal: AbortSignal,
    wanted: readonly RecordedAttachment[] = all,
  ): Promise<ReadonlyMap<string, ReadonlySet<Proof>>> {
    const unlinked = (await this.#ask('node', () => unlinkedOf(this.#deps, all, signal), signal)) ?? NONE;
    const suspects = wanted.filter((attachment) => unlinked.has(attachment.key));
    for (const key of this.#held) if (!unlinked.has(key)) this.#held.delete(key);
    if (suspects.length === 0) return new Map();
    const { podUids } = this.#deps;
    const runtime = await this.#askRuntime(all, unlinked, signal);
    const proven = new Map<string, ReadonlySet<Proof>>();
    let questions = MAX_PODS_ASKED;
    // a Pod that is gone has to be found so at each look of the grace; who is held may wait for another look
    for (const attachment of this.#leastHeldFirst(suspects)) {
      const { containerId, namespace, pod, podUid } = attachment;
      const sandbox = runtime?.get(containerId);
      // whoever has deleted the link of one that runs, there is a process that has the address
      if (sandbox?.ready) continue;
      const proofs = new Set<Proof>(['node']);
      if (runtime && !sandbox && containerId !== '') proofs.add('runtime');
      else if (podUids && podUid !== undefined && questions-- > 0) {
        const uids = await this.#ask('api', () => podUids.uidsOf(namespace, pod, signal), signal);
        this.#held.delete(attachment.key);
        if (uids?.has(podUid)) this.#held.add(attachment.key);
        else if (uids) proofs.add('api');
        // an answer that does not come takes its time, once a look
        if (!uids) questions = 0;
      }
      if (isProven(proofs)) proven.set(attachment.key, proofs);
    }
    return proven;
  }

  #leastHeldFirst(suspects: readonly RecordedAttachment[]): readonly RecordedAttachment[] {
    const order = new Map([...this.#held].map((key, i) => [key, i]));
    const rank = ({ key }: RecordedAttachment) => order.get(key) ?? -1;
    return suspects.toSorted((a, b) => rank(a) - rank(b));
  }

  /** By container ID; undefined where the runtime tells nothing. */
  async #askRuntime(
    all: readonly RecordedAttachment[],
    unlinked: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Sandbox> | undefined> {
    const { sandboxes } = this.#deps;
    if (!sandboxes) return undefined;
    const ask = async () => {
      const known = new Map((await sandboxes.listSandboxes(signal)).map((sandbox) => [sandbox.id, sandbox]));
      const linked = all.filter((attachment) => !unlinked.has(attachment.key));
      if (linked.length > 0 && !linked.some(({ containerId }) => known.has(containerId)))
        throw new Error('it knows none of the containers that have a link on this node: is it the one that runs them?');
      return known;
    };
    return await this.#ask('runtime', ask, signal);
  }

  async #ask<T>(source: Proof, question: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    const { logger } = this.#deps;
    try {
      const answer = await question();
      if (this.#silent.delete(source)) logger.info('a source of proofs of leaks tells again', { source });
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      const isNews = !this.#silent.has(source);
      this.#silent.add(source);
      if (isNews) logger.warn('a source of proofs of leaks cannot be asked; it proves nothing', { source, error });
      return undefined;
    }
  }
}
