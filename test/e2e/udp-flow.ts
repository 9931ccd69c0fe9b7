import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { TestNetns } from '../kernel/kernel-fixture.ts';

const PORT = 4712;
const INTERVAL_MS = 3;
const ANSWER_MS = 15_000;
const SCRIPT = join(import.meta.dirname, 'udp-flow-peer.ts');

/** What became of a flow: the numbers of the datagrams that were not answered. */
export interface FlowReport {
  readonly sent: number;
  readonly lost: readonly number[];
}

/** Datagrams from one namespace to another and back, every few milliseconds, until they are stopped. */
export class UdpFlow implements AsyncDisposable {
  readonly #peers: AsyncDisposableStack;
  readonly #sender: Peer;

  private constructor(peers: AsyncDisposableStack, sender: Peer) {
    this.#peers = peers;
    this.#sender = sender;
  }

  static async start(from: TestNetns, to: { readonly netns: TestNetns; readonly address: string }): Promise<UdpFlow> {
    await using peers = new AsyncDisposableStack();
    const echo = peers.use(new Peer(to.netns, 'echo', String(PORT)));
    await echo.line();
    const sender = peers.use(new Peer(from, 'send', String(PORT), to.address, String(INTERVAL_MS)));
    await sender.line();
    return new UdpFlow(peers.move(), sender);
  }

  async stop(): Promise<FlowReport> {
    const report = this.#sender.line();
    this.#sender.end();
    return JSON.parse(await report) as FlowReport;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#peers.disposeAsync();
  }
}

class Peer implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;

  constructor({ path }: TestNetns, ...args: readonly string[]) {
    const command = ['--pdeathsig', 'KILL', 'nsenter', `--net=${path}`, process.execPath, SCRIPT, ...args];
    this.#child = spawn('/usr/bin/setpriv', command, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface(this.#child.stdout);
  }

  async line(): Promise<string> {
    const [line] = await once(this.#lines, 'line', { signal: AbortSignal.timeout(ANSWER_MS) });
    return String(line);
  }

  end(): void {
    this.#child.stdin.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill();
    await exited;
  }
}
