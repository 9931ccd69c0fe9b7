import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Cluster } from './cluster.ts';
import { Peer } from './peer.ts';
import type { RunningPod } from './pod-object.ts';

const SCRIPT = join(import.meta.dirname, 'tcp-flow-peer.ts');
const PORT = '4712';
/** A lost packet is sent again after 0.2 s, and then after twice as long; more than that a user would see. */
const LONGEST_GAP_MS = 2_000;

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
    for (const pod of pods) await peers.use(await Peer.start(cluster, pod, SCRIPT, 'echo', PORT)).line();
    const senders: Peer[] = [];
    for (const [i, pod] of pods.entries()) {
      const sender = peers.use(await Peer.start(cluster, pod, SCRIPT, 'send', PORT, pods[(i + 1) % pods.length]!.ip));
      await sender.line();
      senders.push(sender);
    }
    return new TcpFlows(peers.move(), senders);
  }

  /** Ends them. @returns the longest time without an answer, in milliseconds @throws where one was lost, or stood still */
  async assertKept(): Promise<number> {
    const reports = await Promise.all(this.#senders.map((sender) => sender.report<Report>()));
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
