import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { KeptMachine } from './machine-keeper.ts';
import { MachineProcess } from './machine-process.ts';

const KEEPER = join(import.meta.dirname, 'machine-keeper.ts');
const RUN_MS = 15_000;

/**
 * A Linux machine as far as namespaces make one: its own processes, mounts, network, /run; the file system else is the
 * host's. Programs find their default sockets, locks and ports free on it, and end with it, as do their mounts.
 */
export class Machine implements AsyncDisposable {
  readonly #keeper: ChildProcess;
  readonly #keeperEnded: Promise<unknown[]>;
  readonly #kept: KeptMachine;

  private constructor(keeper: ChildProcess, kept: KeptMachine) {
    this.#keeper = keeper;
    this.#keeperEnded = once(keeper, 'exit');
    this.#kept = kept;
  }

  /** @param pause the program for process 1 */
  static async start(pause: string): Promise<Machine> {
    // in a session of its own, so that Ctrl-C reaches the test and not what cleans up after it
    const keeper = spawn(process.execPath, [KEEPER, pause], { detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
    for await (const line of createInterface(keeper.stdout)) return new Machine(keeper, JSON.parse(line));
    throw new Error('no machine could be started; standard error tells why');
  }

  /** A folder of the machine's own, at this path on the host as well. */
  get folder(): string {
    return this.#kept.folder;
  }

  /** For all cgroups that are made on the machine: `/ct-x`. */
  get cgroup(): string {
    return this.#kept.cgroup;
  }

  /** Runs a program to its end. @returns its standard output @throws where it fails, as execFile does */
  async run(command: string, ...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)('nsenter', [...this.#enter(), command, ...args], { timeout: RUN_MS });
    return stdout;
  }

  /** The command line, to be run on this machine's host, that runs a program on the machine. */
  commandLine(...command: readonly string[]): readonly [string, ...string[]] {
    return ['nsenter', ...this.#enter(), ...command];
  }

  /** Starts a program that goes on. */
  start(command: readonly string[], env: Readonly<Record<string, string>> = {}): MachineProcess {
    const child = spawn('nsenter', [...this.#enter(), ...command], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new MachineProcess(command[0]!, child);
  }

  /** Ends every process of the machine, and removes what was its own. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#keeper.stdin!.end();
    const [status] = await this.#keeperEnded;
    if (status !== 0) throw new Error('the machine could not be removed; standard error tells why');
  }

  #enter(): string[] {
    return ['--target', String(this.#kept.pid), '--pid', '--mount', '--net', '--ipc', '--uts', '--'];
  }
}
