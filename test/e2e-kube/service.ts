import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { childPid } from '../e2e/child-pid.ts';
import type { CommandLine } from './command.ts';

const STOP_MS = 20_000;

export interface ServiceOptions {
  /** In messages, and of its log: `node1-kubelet`. */
  readonly name: string;
  readonly line: CommandLine;
  /** Whether the first program of `line` starts another one, and waits: nsenter --pid. */
  readonly forks?: boolean;
  /** Folder for its log, which is continued where there is one. */
  readonly logs: string;
  readonly env: NodeJS.ProcessEnv;
}

/** A program that runs until it is stopped. Where it ends by itself, that is told on standard error. */
export class Service {
  readonly #options: ServiceOptions;
  readonly #process: ChildProcess;
  readonly #exited: Promise<unknown>;
  #expected = false;

  private constructor(options: ServiceOptions, child: ChildProcess) {
    this.#options = options;
    this.#process = child;
    this.#exited = once(child, 'exit').then(([status, signal]) => {
      if (!this.#expected) process.stderr.write(`${options.name} ended with ${status ?? signal}; see ${this.log}\n`);
    });
  }

  static async start(options: ServiceOptions): Promise<Service> {
    const { name, line, logs, env } = options;
    await using log = await open(join(logs, `${name}.log`), 'a');
    const [program, ...args] = line;
    const child = spawn(program, args, { env, cwd: '/', stdio: ['ignore', log.fd, log.fd] });
    await once(child, 'spawn');
    // nobody waits for it: it ends with the machine that all of this runs on
    child.unref();
    return new Service(options, child);
  }

  get log(): string {
    return join(this.#options.logs, `${this.#options.name}.log`);
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Asks it to end; kills it where it does not within 20 s. */
  async stop(): Promise<void> {
    await this.#signal('SIGTERM');
    const late = new AbortController();
    const timer = delay(STOP_MS, undefined, { signal: late.signal }).then(
      () => this.#signal('SIGKILL'),
      () => undefined,
    );
    this.#process.ref();
    await this.#exited;
    late.abort();
    await timer;
  }

  async kill(): Promise<void> {
    await this.#signal('SIGKILL');
    this.#process.ref();
    await this.#exited;
  }

  /** Its end, by whatever means, will be no news. */
  expectEnd(): void {
    this.#expected = true;
  }

  async #signal(signal: NodeJS.Signals): Promise<void> {
    this.#expected = true;
    if (!this.isRunning) return;
    const { pid } = this.#process;
    process.kill(this.#options.forks ? await childPid(pid!) : pid!, signal);
  }
}
