import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runTimed } from './program-call.ts';

const READY_MS = 20_000;
const STOP_MS = 25_000;

export interface CoildProcessOptions {
  /** Folder of the built programs. */
  readonly dist: string;
  readonly socket: string;
  /** Of the datastore, and whatever else is not as usual. */
  readonly flags: readonly string[];
}

/** A coild as administrators run it, but for its log, which goes to a file beside its socket. */
export class CoildProcess implements AsyncDisposable {
  readonly socket: string;
  readonly #process: ChildProcess;

  private constructor(socket: string, process: ChildProcess) {
    this.socket = socket;
    this.#process = process;
  }

  static async start({ dist, socket, flags }: CoildProcessOptions): Promise<CoildProcess> {
    const args = [
      `--socket=${socket}`,
      '--http=',
      `--journal=${socket}.journal`,
      `--logfile=${logOf(socket)}`,
      ...flags,
    ];
    const child = spawn(`${dist}/coild`, args, {
      // one coild a node: another for each
      env: { COIL_NODE_NAME: `bench-${basename(socket, '.sock')}` },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const coild = new CoildProcess(socket, child);
    try {
      await once(child, 'spawn');
      await coild.#ready(`${dist}/coil`);
      return coild;
    } catch (error) {
      await coild[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Resident memory, in MB. */
  get residentMb(): number {
    const [, kilobytes] =
      /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.#process.pid}/status`, 'latin1')) ?? [];
    return Number(kilobytes) / 1024;
  }

  /** CNI's STATUS succeeds once the datastore was read. */
  async #ready(plugin: string): Promise<void> {
    const netconf = { cniVersion: '1.1.0', name: 'coil', type: 'coil', coild: `unix://${this.socket}` };
    const call = { executable: plugin, args: [], env: { CNI_COMMAND: 'STATUS' }, input: JSON.stringify(netconf) };
    const deadline = performance.now() + READY_MS;
    for (;;) {
      const { status, stdout } = await runTimed(call);
      if (status === 0) return;
      if (this.#process.exitCode !== null) throw this.#notReady(`ended with status ${this.#process.exitCode}`);
      if (performance.now() > deadline) throw this.#notReady(`is not ready after ${READY_MS} ms: ${stdout}`);
      await sleep(20);
    }
  }

  #notReady(what: string): Error {
    const log = existsSync(logOf(this.socket)) ? readFileSync(logOf(this.socket), 'utf8') : '';
    return new Error(`coild ${what}\n${log}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.pid === undefined || this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_MS);
    await exited;
    clearTimeout(timer);
  }
}

function logOf(socket: string): string {
  return `${socket}.log`;
}
