import { existsSync } from 'node:fs';
import { lstat, readdir, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { readSpoolFile, type SpoolFile, UnsoundSpoolError } from './spool-file.ts';

/** The plugin ends within 30 s: what it has not renamed after this time, it never will. */
const PARTIAL_MS = 60_000;
const SPOOLED = /^[0-9a-f]{16}\.del$/;
const PARTIAL = /^[0-9a-f]{16}\.\d+\.tmp$/;
const OTHERS_MAY_WRITE = 0o022;

/** The folder that the plugin keeps DELs in. What is there by other names than its own is left alone. */
export class SpoolFolder {
  readonly #path: string;
  readonly #now: () => Date;

  constructor(path: string, now: () => Date) {
    this.#path = path;
    this.#now = now;
  }

  pathOf(name: string): string {
    return join(this.#path, name);
  }

  /** Synchronous: it is asked before every ADD, and the answer is all but always no. */
  has(name: string): boolean {
    return existsSync(this.pathOf(name));
  }

  /**
   * The names of what is spooled, none where there is no folder; removes what a plugin left that was killed.
   * @throws {UnsoundSpoolError} where others may write to it; or a system error
   */
  async list(): Promise<string[]> {
    const folder = await lstat(this.#path).catch(ignoreMissing);
    if (folder === undefined) return [];
    if (folder.uid !== process.geteuid?.() || (folder.mode & OTHERS_MAY_WRITE) !== 0)
      throw new UnsoundSpoolError(`others than this user may write to ${this.#path}`);
    const names = await readdir(this.#path);
    await Promise.all(names.filter((name) => PARTIAL.test(name)).map((name) => this.#removeStale(name)));
    return names.filter((name) => SPOOLED.test(name));
  }

  /** Undefined where it is gone. @throws {UnsoundSpoolError}, or a system error */
  async read(name: string): Promise<SpoolFile | undefined> {
    return await readSpoolFile(this.pathOf(name));
  }

  /** Removes a file that was read, but not one that took its place. */
  async remove(name: string, { inode, changedMs }: SpoolFile): Promise<void> {
    const path = this.pathOf(name);
    const now = await stat(path).catch(ignoreMissing);
    if (now?.ino === inode && now.ctimeMs === changedMs) await unlink(path).catch(ignoreMissing);
  }

  /** Keeps it for an administrator, out of the way. */
  async setAside(name: string): Promise<void> {
    await rename(this.pathOf(name), this.pathOf(`${name}.bad`)).catch(ignoreMissing);
  }

  async #removeStale(name: string): Promise<void> {
    const path = this.pathOf(name);
    const found = await lstat(path).catch(ignoreMissing);
    if (found && this.#now().getTime() - found.mtimeMs > PARTIAL_MS) await unlink(path).catch(ignoreMissing);
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
