import { constants, type FileHandle, open } from 'node:fs/promises';
import { decodeSpooled, MAX_SPOOLED_BYTES, type SpooledCall } from '../cni/spooled-del.ts';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
const OTHERS_MAY_WRITE = 0o022;

/** A call as it was spooled, and by what to know the file again. */
export interface SpoolFile {
  readonly call: SpooledCall;
  readonly inode: number;
  /** ctime; numbers of inodes are used again. */
  readonly changedMs: number;
}

/**
 * Reads a file of the spool; undefined where there is none. Whoever can put one there has coild detach Pods: it has to
 * be of this user, and nobody else may write to it.
 * @throws {UnsoundSpoolError}, or a system error
 */
export async function readSpoolFile(path: string): Promise<SpoolFile | undefined> {
  await using file = await openIfThere(path);
  if (file === undefined) return undefined;
  const found = await file.stat();
  if (!found.isFile()) throw new UnsoundSpoolError('it is no regular file');
  if (found.uid !== process.geteuid?.()) throw new UnsoundSpoolError(`it belongs to user ${found.uid}`);
  if ((found.mode & OTHERS_MAY_WRITE) !== 0) throw new UnsoundSpoolError('others may write to it');
  if (found.size > MAX_SPOOLED_BYTES) throw new UnsoundSpoolError(`it is ${found.size} bytes, more than a call may be`);
  const call = decodeSpooled(await file.readFile());
  if (call === undefined) throw new UnsoundSpoolError('it is no whole call of the plugin');
  return { call, inode: found.ino, changedMs: found.ctimeMs };
}

/** What is there is not as the plugin puts it there. */
export class UnsoundSpoolError extends Error {
  override readonly name = 'UnsoundSpoolError';
}

/** @param path of which a link is not followed, and a pipe's writer not waited for */
async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'ELOOP' || code === 'ENXIO') throw new UnsoundSpoolError('it is no regular file', { cause: error });
    throw error;
  }
}
