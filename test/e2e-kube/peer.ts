import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import type { RunningPod } from './pod-object.ts';
import { podSandbox } from './pod-sandbox.ts';

const ANSWER_MS = 15_000;

type PeerProcess = ChildProcessByStdio<Writable, Readable, null>;

/** One end of a connection, in a Pod's network. It ends by itself when its standard input does, with this process too. */
export class Peer implements AsyncDisposable {
  readonly #child: PeerProcess;
  /** Those that it has printed, and were not asked for yet, wait. */
  readonly #lines: AsyncIterator<string>;

  private constructor(child: PeerProcess) {
    this.#child = child;
    this.#lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  }

  /** @param command path of a script, and its arguments */
  static async start(cluster: Cluster, pod: RunningPod, ...command: readonly string[]): Promise<Peer> {
    const { pid } = await podSandbox(cluster, pod);
    const [program, ...args] = cluster.node(pod.node).networkLine(pid, [process.execPath, ...command]);
    return new Peer(spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] }));
  }

  /** The next line that it prints. */
  async line(ms = ANSWER_MS): Promise<string> {
    const line = await Promise.race([this.#lines.next(), delay(ms, undefined, { ref: false })]);
    if (!line) throw new Error(`the other end has said nothing for ${ms / 1000} s`);
    if (line.done) throw new Error('the other end has ended');
    return line.value;
  }

  /** Ends its standard input. @returns what it prints then, or has printed already, where its connection has ended */
  async report<T>(): Promise<T> {
    const report = this.line();
    this.#child.stdin.end();
    return JSON.parse(await report) as T;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit', { signal: AbortSignal.timeout(ANSWER_MS) });
    this.#child.stdin.end();
    await exited;
  }
}
