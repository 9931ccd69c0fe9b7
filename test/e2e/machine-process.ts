import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { childPid } from './child-pid.ts';

const SAY_MS = 15_000;
const STOP_MS = 25_000;

/** A program that runs on a {@link Machine}; it ends with the machine at the latest. */
export class MachineProcess {
  readonly #name: string;
  readonly #nsenter: ChildProcessByStdio<null, Readable, Readable>;
  readonly #closed: Promise<number | null>;
  #output = '';

  /** @param nsenter which has started the program in the machine, and ends with its exit status */
  constructor(name: string, nsenter: ChildProcessByStdio<null, Readable, Readable>) {
    this.#name = name;
    this.#nsenter = nsenter;
    const { promise, resolve } = Promise.withResolvers<number | null>();
    nsenter.once('close', resolve);
    this.#closed = promise;
    for (const stream of [nsenter.stdout, nsenter.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
  }

  /** What it has printed so far. */
  get output(): string {
    return this.#output;
  }

  /** Waits until it has printed something. @throws where it ends before, or takes too long, with what it printed instead */
  async printed(pattern: RegExp): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const fail = (why: string) =>
      reject(new Error(`${this.#name} ${why} before it printed ${pattern}:\n${this.#output}`));
    const look = () => pattern.test(this.#output) && resolve();
    const timer = setTimeout(fail, SAY_MS, `took more than ${SAY_MS / 1000} s`);
    void this.#closed.then(() => fail('ended'));
    this.#nsenter.stdout.on('data', look);
    this.#nsenter.stderr.on('data', look);
    look();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#nsenter.stdout.off('data', look);
      this.#nsenter.stderr.off('data', look);
    }
  }

  /** Asks it to end, and waits until it has. @returns its exit status, null where a signal ended it */
  async stop(): Promise<number | null> {
    // nsenter hands no signal on
    const pid = await childPid(this.#nsenter.pid!);
    process.kill(pid, 'SIGTERM');
    const timer = setTimeout(() => process.kill(pid, 'SIGKILL'), STOP_MS);
    const status = await this.#closed;
    clearTimeout(timer);
    return status;
  }
}
