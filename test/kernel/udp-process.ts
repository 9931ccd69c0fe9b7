import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { TestNetns } from './kernel-fixture.ts';

const PORT = 4711;
const SCRIPT = fileURLToPath(new URL('udp-peer.ts', import.meta.url));

/** `udp-peer.ts` as a process inside of a namespace; ended when disposed of. */
export class UdpProcess implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>) {
    this.#child = child;
    this.#lines = createInterface(child.stdout);
  }

  static async start(netns: TestNetns, role: 'echo' | 'probe'): Promise<UdpProcess> {
    const args = [`--net=${netns.path}`, process.execPath, SCRIPT, role, String(PORT)];
    const child = spawn('nsenter', args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const peer = new UdpProcess(child);
    await peer.#line();
    return peer;
  }

  /** What came of one datagram to `address`: `ADDRESS answered`. */
  async ask(address: string): Promise<string> {
    const answer = this.#line();
    this.#child.stdin.write(`${address}\n`);
    return await answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill();
    await exited;
  }

  async #line(): Promise<string> {
    const [line] = await once(this.#lines, 'line', { signal: AbortSignal.timeout(10_000) });
    return String(line);
  }
}
