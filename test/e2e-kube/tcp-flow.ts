import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Cluster } from './cluster.ts';
import type { RunningPod } from './pod-object.ts';
import { sandboxPid } from './reach.ts';

const SCRIPT = join(import.meta.dirname, 'tcp-flow-peer.ts');
const PORT = '4712';
const ANSWER_MS = 15_000;
/** A lost packet is sent again after 0.2 s, and then after twice as long; more than that a user would see. */
const LONGEST_GAP_MS = 5_000;

interface Report {
  readonly answered: number;
  readonly longestGapMs: number;
  /** Absent where the connection is still there. */
  readonly ended?: string;
}

/** TCP connections between Pods, in use all the time until they are looked at. */
export class TcpFlows implements AsyncDisposable {
  readonly #peers: AsyncDisposableStack;
  readonly #senders: readonly Peer[];

  private constructor(peers: AsyncDisposableStack, senders: readonly Peer[]) {
    this.#peers = peers;
    this.#senders = senders;
  }

  /** One from each Pod to the next one. */
  static async start(cluster: Cluster, pods: readonly RunningPod[]): Promise<TcpFlows> {
    await using peers = new AsyncDisposableStack();
    for (const pod of pods) await peers.use(await Peer.start(cluster, pod, 'echo', PORT)).line();
    const senders: Peer[] = [];
    for (const [i, pod] of pods.entries()) {
      const sender = peers.use(await Peer.start(cluster, pod, 'send', PORT, pods[(i + 1) % pods.length]!.ip));
      await sender.line();
      senders.push(sender);
    }
    return new TcpFlows(peers.move(), senders);
  }

  /** Ends them. @returns the longest time without an answer, in milliseconds @throws where one was lost, or stood still */
  async assertKept(): Promise<number> {
    const reports = await Promise.all(this.#senders.map((sender) => sender.report()));
    for (const report of reports) {
      assert.equal(report.ended, undefined, 'a connection was lost');
      assert.ok(report.answered > 0);
      assert.ok(report.longestGapMs < LONGEST_GAP_MS, `a connection stood still for ${report.longestGapMs} ms`);
    }
    return Math.max(...reports.map(({ longestGapMs }) => longestGapMs));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#peers.disposeAsync();
  }
}

type PeerProcess = ChildProcessByStdio<Writable, Readable, null>;

/** A peer ends by itself when its standard input does, with this process too. */
class Peer implements AsyncDisposable {
  readonly #child: PeerProcess;
  readonly #lines: Interface;

  private constructor(child: PeerProcess) {
    this.#child = child;
    this.#lines = createInterface(child.stdout);
  }

  static async start(cluster: Cluster, pod: RunningPod, ...args: readonly string[]): Promise<Peer> {
    const pid = await sandboxPid(cluster, pod);
    const line = cluster.node(pod.node).networkLine(pid, [process.execPath, SCRIPT, ...args]);
    const [program, ...rest] = line;
    return new Peer(spawn(program, rest, { stdio: ['pipe', 'pipe', 'inherit'] }));
  }

  async line(): Promise<string> {
    const [line] = await once(this.#lines, 'line', { signal: AbortSignal.timeout(ANSWER_MS) });
    return String(line);
  }

  async report(): Promise<Report> {
    const report = this.line();
    // what it printed already, where the connection has ended, comes all the same
    this.#child.stdin.end();
    return JSON.parse(await report) as Report;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit', { signal: AbortSignal.timeout(ANSWER_MS) });
    this.#child.stdin.end();
    await exited;
  }
}
