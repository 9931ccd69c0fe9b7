import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { CommandLine } from './command.ts';
import { DemoError } from './demo-error.ts';
import type { DemoRun } from './demo-run.ts';
import type { Netns } from './netns.ts';
import { until } from './until.ts';

/** How long each may take to end, when asked and when forced to. */
const STOP_MS = 5_000;

export interface DaemonOptions {
  /** In messages, such as "BIRD of node1". */
  readonly title: string;
  readonly netns: Netns;
  readonly line: CommandLine;
  /** Name of the file in the run's folder that takes what it prints. */
  readonly log: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A program that runs until the demo ends. Where it ends before that, the demo fails. */
export class Daemon {
  /** Path of the file with all that it has printed. */
  readonly log: string;
  readonly #title: string;
  readonly #process: ChildProcess;
  readonly #exited: Promise<void>;
  #stopping = false;

  private constructor(run: DemoRun, { title }: DaemonOptions, process: ChildProcess, log: string) {
    this.log = log;
    this.#title = title;
    this.#process = process;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#exited = promise;
    const ended = (how: string, cause?: Error) => {
      resolve();
      if (!this.#stopping) run.fail(new DemoError(`${title} ${how}`, { cause, logs: [log] }));
    };
    process.once('error', (error) => ended(`cannot be run: ${error.message}`, error));
    process.once('exit', (status, signal) => {
      ended(signal === null ? `ended with exit status ${status}` : `was ended by ${signal}`);
    });
  }

  static async start(run: DemoRun, options: DaemonOptions): Promise<Daemon> {
    const log = run.path(options.log);
    await using file = await open(log, 'a');
    // each of these becomes the next, so its process ID is the program's; the kernel ends it should the demo be killed
    const [command, ...args] = ['setpriv', '--pdeathsig=KILL', ...options.netns.inside(options.line)] as const;
    run.signal.throwIfAborted();
    const child = spawn(command, args, {
      cwd: run.folder,
      detached: true,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', file.fd, file.fd],
    });
    const daemon = new Daemon(run, options, child, log);
    run.undo.defer(() => daemon.#stop());
    return daemon;
  }

  /** Waits until it has printed `text`. */
  async printed(text: string, signal: AbortSignal): Promise<void> {
    const probe = async () => ((await readFile(this.log, 'utf8')).includes(text) ? true : undefined);
    await until(`"${text}" in ${this.log}`, probe, { signal, logs: [this.log] });
  }

  async #stop(): Promise<void> {
    this.#stopping = true;
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      this.#process.kill(signal);
      if (await this.#exitsWithin(STOP_MS)) return;
    }
    throw new DemoError(`${this.#title}, process ${this.#process.pid}, does not end`);
  }

  async #exitsWithin(ms: number): Promise<boolean> {
    const late = new AbortController();
    const timer = delay(ms, false, { signal: late.signal }).catch(() => false);
    const exited = await Promise.race([this.#exited.then(() => true), timer]);
    late.abort();
    return exited;
  }
}
