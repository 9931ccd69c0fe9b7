import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { flockNow } from './syscalls.ts';

const { O_CREAT, O_NOFOLLOW, O_RDWR } = constants;
const OTHERS_MAY_ANYTHING = 0o077;

export interface FileLock extends Disposable {
  /** Device and inode of the file, which tell it from every other one that there is. */
  readonly file: string;
}

/**
 * Takes the lock of a file, which is made where it is not there; undefined where another has it. The kernel takes it
 * away with the process, however that ends. Who can open the file can take its lock, so it has to be this user's alone.
 * @throws where it is not, or cannot be opened
 */
export function tryLockFile(path: string): FileLock | undefined {
  const fd = openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
  let isTaken = false;
  try {
    const { uid, mode, dev, ino } = fstatSync(fd);
    if (uid !== process.geteuid?.() || (mode & OTHERS_MAY_ANYTHING) !== 0)
      throw new Error(`others than this user may open ${path}: delete it`);
    isTaken = flockNow(fd);
    return isTaken ? { file: `${dev}:${ino}`, [Symbol.dispose]: () => closeSync(fd) } : undefined;
  } finally {
    if (!isTaken) closeSync(fd);
  }
}
