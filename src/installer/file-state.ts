import { lstat, readdir, readFile } from 'node:fs/promises';
import { errorCode, FileError } from './file-error.ts';

/** A file as it was found. */
export interface FileState {
  /** A link is not: it is replaced, and what it points to is left alone. */
  readonly regular: boolean;
  /** Permission bits. */
  readonly mode: number;
  /** What a reader of the path gets; empty where a link points nowhere. */
  readonly content: Buffer;
}

/** Undefined where there is none. @throws {FileError} also where it is a folder */
export async function readFileState(path: string): Promise<FileState | undefined> {
  try {
    const status = await lstat(path);
    const content = status.isSymbolicLink() ? await readTarget(path) : await readFile(path);
    return { regular: status.isFile(), mode: status.mode & 0o7777, content };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new FileError('read', path, error);
  }
}

/** Names of the files and links in a folder, sorted as runtimes sort them. @throws {FileError} */
export async function listFiles(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() || entry.isSymbolicLink())
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    // made here, it could be a folder of the container instead of the node's
    throw new FileError('list', folder, error, "the node's folder has to be there, mounted where this is a container");
  }
}

async function readTarget(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch {
    return Buffer.alloc(0);
  }
}
