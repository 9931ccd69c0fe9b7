import { accessSync, constants } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Stop } from './stop.ts';

const FOLDER_PREFIX = 'coil-demo-';
/** Bytes of a Unix socket's path, without its zero (unix(7), sun_path). */
const SOCKET_PATH_MAX = 107;
const LONGEST_SOCKET = `${FOLDER_PREFIX}XXXXXX/node1-coild.sock`;

/** Why there can be no folder for a run; undefined where there can. */
export function folderProblem(): string | undefined {
  const parent = tmpdir();
  const length = Buffer.byteLength(join(parent, LONGEST_SOCKET));
  if (length > SOCKET_PATH_MAX) return `The path of the temporary folder ${parent} is too long for sockets`;
  try {
    accessSync(parent, constants.W_OK);
    return undefined;
  } catch (error) {
    return `The temporary folder ${parent} cannot be written to (${(error as Error).message})`;
  }
}

/** One run of the demo: all that it makes is in its folder, or bears its name, and goes when it is disposed of. */
export class DemoRun implements AsyncDisposable {
  /** Of a name that no other run has, which is the beginning of its namespaces' names too. */
  readonly folder: string;
  /** Undoes, in reverse order, what was done; each of them may come before what it undoes. */
  readonly undo = new AsyncDisposableStack();
  readonly signal: AbortSignal;
  readonly #stop: Stop;
  #keepsLogs = false;

  private constructor(folder: string, stop: Stop) {
    this.folder = folder;
    this.#stop = stop;
    this.signal = stop.signal;
    this.undo.defer(() => this.#removeFolder());
  }

  static async create(stop: Stop): Promise<DemoRun> {
    return new DemoRun(await mkdtemp(join(tmpdir(), FOLDER_PREFIX)), stop);
  }

  get name(): string {
    return basename(this.folder);
  }

  /** Of a file in the folder. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** Ends the run for something that happened beside the step under way. */
  fail(reason: Error): void {
    this.#stop.fail(reason);
  }

  /** Leaves the logs where they are, and gives the folder. */
  keepLogs(): string {
    this.#keepsLogs = true;
    return this.folder;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.undo[Symbol.asyncDispose]();
  }

  async #removeFolder(): Promise<void> {
    if (!this.#keepsLogs) return await rm(this.folder, { recursive: true, force: true });
    const others = (await readdir(this.folder)).filter((name) => !name.endsWith('.log'));
    for (const name of others) await rm(this.path(name), { recursive: true, force: true });
  }
}
