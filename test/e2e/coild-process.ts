import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const START_MS = 10_000;
const STOP_MS = 28_000;

export interface CoildCommand {
  /** Its path, or that of an interpreter and what it takes. */
  readonly executable: string | readonly string[];
  readonly flags: readonly string[];
  /** Path of the network namespace to run in. */
  readonly netns: string;
  /** By default, a node's name. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A line of coild's log. */
export interface LogLine extends Readonly<Record<string, unknown>> {
  readonly severity: string;
  readonly message: string;
}

/** A real coild as a process of its own, its log in memory. */
export class CoildProcess implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #ended: Promise<number | NodeJS.Signals>;
  readonly #waiting = new Set<() => void>();
  #text = '';

  private constructor(child: ChildProcess) {
    this.#process = child;
    const { promise, resolve } = Promise.withResolvers<number | NodeJS.Signals>();
    this.#ended = promise;
    child.once('close', (status: number | null, signal: NodeJS.Signals | null) => resolve(status ?? signal!));
    child.once('error', (error) => {
      this.#text += String(error);
      resolve(-1);
    });
    createInterface(child.stderr!).on('line', (line) => {
      this.#text += `${line}\n`;
      for (const look of this.#waiting) look();
    });
  }

  /**
   * Starts it; it may end at once. setpriv becomes nsenter, and that coild, which signals reach therefore. Should the
   * test be killed, it is too.
   */
  static spawn({ executable, flags, netns, env = { COIL_NODE_NAME: 'node1' } }: CoildCommand): CoildProcess {
    const args = [
      '--pdeathsig',
      'KILL',
      'nsenter',
      `--net=${netns}`,
      ...[executable].flat(),
      '--logformat=json',
      ...flags,
    ];
    return new CoildProcess(spawn('/usr/bin/setpriv', args, { env, stdio: ['ignore', 'ignore', 'pipe'] }));
  }

  /** All that it wrote to standard error. */
  get output(): string {
    return this.#text;
  }

  get log(): readonly LogLine[] {
    return this.#text
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as LogLine);
  }

  /** Its own memory, in MB: without its executable, which the kernel keeps once for all, and may drop. */
  get ownMemoryMb(): number {
    const status = readFileSync(`/proc/${this.#process.pid}/status`, 'latin1');
    const [, kilobytes] = /^RssAnon:\s+(\d+) kB$/m.exec(status) ?? [];
    return Number(kilobytes) / 1024;
  }

  /** Waits for a line of the log. @throws where coild ends before, or after 10 seconds */
  async logged(message: string): Promise<LogLine> {
    const { promise, resolve, reject } = Promise.withResolvers<LogLine>();
    const look = () => {
      const line = this.log.find((candidate) => candidate.message === message);
      if (line) resolve(line);
    };
    const fail = (why: string) => reject(new Error(`coild ${why} before it logged "${message}":\n${this.#text}`));
    const timer = setTimeout(fail, START_MS, `took more than ${START_MS / 1000} s`);
    void this.#ended.then((status) => fail(`ended with ${status}`));
    this.#waiting.add(look);
    look();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(look);
    }
  }

  /** Gives its exit status, or the signal that ended it. @throws where it does not end in time, and is killed */
  async ended(): Promise<number | NodeJS.Signals> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#process.kill('SIGKILL');
    }, STOP_MS);
    const status = await this.#ended;
    clearTimeout(timer);
    if (isLate) throw new Error(`coild did not end within ${STOP_MS / 1000} s:\n${this.#text}`);
    return status;
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  async stop(): Promise<number | NodeJS.Signals> {
    this.signal('SIGTERM');
    return await this.ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
  }
}
