import { randomBytes } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeCgroups } from './cgroups.ts';

/** The hierarchy of version 1. */
const MEMORY = '/sys/fs/cgroup/memory';

/** Why the memory of a process cannot be limited here, for `skip`. */
export function memoryCgroupsMissing(): string | false {
  try {
    accessSync(MEMORY, constants.W_OK);
    return false;
  } catch {
    return 'needs the memory controller of cgroups, version 1';
  }
}

/** A cgroup that may take so much memory; gone when disposed of, by when its processes have to have ended. */
export class MemoryCgroup implements AsyncDisposable {
  readonly #path = `/ct-${randomBytes(5).toString('hex')}`;

  static async create(bytes: number): Promise<MemoryCgroup> {
    const cgroup = new MemoryCgroup();
    await mkdir(MEMORY + cgroup.#path);
    await writeFile(cgroup.#file('limit_in_bytes'), String(bytes));
    return cgroup;
  }

  /** Runs a command, whose words are to follow, inside of it. */
  get entering(): readonly string[] {
    const script = 'echo $$ > "$0" && exec "$@"';
    return ['/bin/sh', '-c', script, join(MEMORY, this.#path, 'cgroup.procs')];
  }

  /** How often a process was killed because it wanted more. */
  async kills(): Promise<number> {
    const [, kills] = /^oom_kill (\d+)$/m.exec(await readFile(this.#file('oom_control'), 'utf8')) ?? [];
    return Number(kills);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await removeCgroups(this.#path);
  }

  #file(name: string): string {
    return join(MEMORY, this.#path, `memory.${name}`);
  }
}
