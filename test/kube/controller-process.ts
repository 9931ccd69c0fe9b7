import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const STOP_MS = 15_000;

/** A line of the log. */
export interface LogLine extends Readonly<Record<string, unknown>> {
  readonly severity: string;
  readonly message: string;
}

/** A real coil-controller as a process of its own, its log in memory. */
export class ControllerProcess implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #ended: Promise<number | NodeJS.Signals>;
  readonly #waiting = new Set<() => void>();
  #text = '';

  private constructor(child: ChildProcess) {
    this.#process = child;
    this.#ended = once(child, 'close').then(([status, signal]) => (status ?? signal) as number | NodeJS.Signals);
    createInterface(child.stderr!).on('line', (line) => {
      this.#text += `${line}\n`;
      for (const look of this.#waiting) look();
    });
  }

  /** Starts it; it may end at once. Should the test be killed, it is too. */
  static spawn(program: readonly string[], flags: readonly string[]): ControllerProcess {
    const args = ['--pdeathsig=KILL', ...program, '--logformat=json', '--loglevel=debug', ...flags];
    return new ControllerProcess(spawn('setpriv', args, { env: {}, stdio: ['ignore', 'ignore', 'pipe'] }));
  }

  /** All that it wrote to standard error. */
  get output(): string {
    return this.#text;
  }

  get log(): readonly LogLine[] {
    const lines = this.#text.split('\n').filter((line) => line.startsWith('{'));
    return lines.map((line) => JSON.parse(line) as LogLine);
  }

  /** Waits for a line of the log with these members. @throws where the process ends before, or after `ms` */
  async logged(members: Readonly<Record<string, unknown>>, ms = 20_000): Promise<LogLine> {
    const { promise, resolve: found, reject } = Promise.withResolvers<LogLine>();
    const look = () => {
      const line = this.log.find((one) => Object.entries(members).every(([name, value]) => one[name] === value));
      if (line) found(line);
    };
    const what = JSON.stringify(members);
    const fail = (why: string) => reject(new Error(`coil-controller ${why} before it logged ${what}:\n${this.#text}`));
    const timer = setTimeout(fail, ms, `took more than ${ms} ms`);
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

  /** As a machine that loses its power. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#ended;
  }

  /** Gives its exit status, or the signal that ended it. Killed where it does not end in time. */
  async stop(): Promise<number | NodeJS.Signals> {
    this.#process.kill('SIGTERM');
    return await this.ended();
  }

  async ended(): Promise<number | NodeJS.Signals> {
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_MS);
    return await this.#ended.finally(() => clearTimeout(timer));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
