import { setTimeout as delay } from 'node:timers/promises';
import { asProcess, type CniClient } from '../contract/cni-client.ts';
import { addressesOf, type CniResult, Sandbox } from '../e2e/sandbox.ts';
import type { Random } from '../model/random.ts';
import { type Ledger, type LivePod, nameOf } from './ledger.ts';
import type { StormNode } from './storm-node.ts';

/** Pods of one worker that live at the same time, at most. */
const PODS = 5;
const DEL_RETRY_MS = 200;
const DEL_WITHIN_MS = 90_000;
/** Of so many calls, the launcher of one is killed before this time has passed, in milliseconds. */
const KILLED_ONE_IN = 12;
const KILLED_WITHIN_MS = 60;
/** What a runtime is told when it should try again: no bad configuration, and no fault of coild's. */
const PASSING = new Set([5, 11, 50]);

export interface WorkerDeps {
  readonly nodes: readonly StormNode[];
  readonly ledger: Ledger;
  readonly random: Random;
}

/** What a worker has done. */
export interface Work {
  readonly adds: number;
  readonly dels: number;
  /** How often ADDs failed for each reason. */
  readonly failures: ReadonlyMap<string, number>;
}

/**
 * A container runtime, as far as the plugin is called: attaches and detaches its Pods, each on any of the nodes, by the
 * launcher, which it kills now and then. After an ADD that failed it sends a DEL, and tries the Pod again with a new
 * sandbox; it repeats a DEL until that succeeds.
 */
export class Worker {
  readonly #deps: WorkerDeps;
  readonly #names: readonly string[];
  readonly #pods = new Map<string, LivePod>();
  readonly #failures = new Map<string, number>();
  #adds = 0;
  #dels = 0;

  /** @param name begins the names of its Pods */
  constructor(name: string, deps: WorkerDeps) {
    this.#deps = deps;
    this.#names = Array.from({ length: PODS }, (_, i) => `${name}-${i}`);
  }

  get work(): Work {
    return { adds: this.#adds, dels: this.#dels, failures: this.#failures };
  }

  /** Goes on until `signal` is aborted, and what it was about then is over. */
  async run(signal: AbortSignal): Promise<void> {
    const { random } = this.#deps;
    while (!signal.aborted) {
      const name = this.#names[random.below(PODS)]!;
      const pod = this.#pods.get(name);
      if (pod === undefined) await this.#attach(name);
      else if (random.below(8) === 0) await this.#repeatAdd(pod);
      else await this.#detach(pod);
    }
  }

  /** Detaches all that it has. */
  async finish(): Promise<void> {
    for (const pod of [...this.#pods.values()]) await this.#detach(pod);
  }

  async #attach(name: string): Promise<void> {
    const { nodes, random, ledger } = this.#deps;
    const node = nodes[random.below(nodes.length)]!;
    const sandbox = await Sandbox.create(node.under, asProcess(node.under.dist.coil), { pod: name });
    const result = await this.#add(node, sandbox);
    if (result === undefined) {
      await this.#delUntilDone(node, sandbox);
      await node.under.removePod(sandbox.netns);
      return;
    }
    this.#adds++;
    const pod = { node, sandbox, result, addresses: addressesOf(result) };
    ledger.attached(pod);
    this.#pods.set(name, pod);
  }

  /** As a runtime does that was started anew. */
  async #repeatAdd(pod: LivePod): Promise<void> {
    const result = await this.#add(pod.node, pod.sandbox);
    if (result) this.#deps.ledger.attached({ ...pod, result, addresses: addressesOf(result) });
  }

  /** Undefined where it failed, as it may. */
  async #add(node: StormNode, sandbox: Sandbox): Promise<CniResult | undefined> {
    const failed = (reason: string) => void this.#failures.set(reason, (this.#failures.get(reason) ?? 0) + 1);
    try {
      const { exitStatus, stdout } = await sandbox.calledBy(this.#client(node)).call('ADD');
      if (exitStatus === 0) return JSON.parse(stdout) as CniResult;
      const { code, msg } = JSON.parse(stdout) as { readonly code: number; readonly msg: string };
      failed(`${code}: ${withoutNumbers(msg)}`);
      if (!PASSING.has(code)) this.#deps.ledger.violation(`ADD of ${nameOf({ node, sandbox })} failed: ${stdout}`);
    } catch (error) {
      // a runtime does not wait for ever
      failed(`the launcher ${(error as Error).message}`);
    }
    return undefined;
  }

  #client({ under: { dist } }: StormNode): CniClient {
    const { random } = this.#deps;
    if (random.below(KILLED_ONE_IN) > 0) return asProcess(dist.coil);
    const seconds = (1 + random.below(KILLED_WITHIN_MS)) / 1000;
    return asProcess('/usr/bin/timeout', '--signal=KILL', String(seconds), dist.coil);
  }

  async #detach(pod: LivePod): Promise<void> {
    const { node, sandbox } = pod;
    this.#deps.ledger.detaching(sandbox);
    this.#pods.delete(sandbox.pod);
    // runtimes differ in what goes first
    const removeFirst = this.#deps.random.below(3) === 0;
    if (removeFirst) await node.under.removePod(sandbox.netns);
    await this.#delUntilDone(node, sandbox);
    this.#dels++;
    if (!removeFirst) await node.under.removePod(sandbox.netns);
  }

  async #delUntilDone(node: StormNode, sandbox: Sandbox): Promise<void> {
    const deadline = performance.now() + DEL_WITHIN_MS;
    for (;;) {
      const outcome = await sandbox
        .calledBy(this.#client(node))
        .call('DEL')
        .catch((error: Error) => ({ exitStatus: 1, stdout: error.message }));
      if (outcome.exitStatus === 0) return;
      if (performance.now() > deadline) {
        this.#deps.ledger.violation(`DEL of ${nameOf({ node, sandbox })} never succeeded: ${outcome.stdout}`);
        return;
      }
      await delay(DEL_RETRY_MS);
    }
  }
}

/** So that the same reason is counted as one. */
function withoutNumbers(text: string): string {
  return text.replaceAll(/(?:\b[0-9a-f]{8,}|\d|\bveth|\bct-)[\w.:/-]*/g, '…').slice(0, 160);
}
