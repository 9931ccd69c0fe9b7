import { dirname } from 'node:path';
import { CoilError } from '../model/error.ts';
import { sleep } from '../process/backoff.ts';
import { makeFolder } from '../process/make-folder.ts';

/** How soon who waits notices that the other has gone. */
const LOOK_EVERY_MS = 250;

export interface HeldLock extends Disposable {
  /** Tells the file from every other one of the machine. */
  readonly file: string;
}

export interface NodeLockDeps {
  /** Takes the lock of a file, until that is disposed of, or the process ends; undefined where another has it. */
  readonly tryLockFile: (path: string) => HeldLock | undefined;
  /** Called where another process has it, before it is waited for. */
  readonly waiting: () => void;
}

/**
 * Lets one process at a time serve a node: whoever has the lock of the file at `path`, which is the node's. Its folder
 * is made where it is not there.
 * @throws the signal's reason
 */
export async function lockNode(
  path: string,
  { tryLockFile, waiting }: NodeLockDeps,
  signal: AbortSignal,
): Promise<HeldLock> {
  for (;;) {
    signal.throwIfAborted();
    const held = await tryLock(path, tryLockFile);
    if (held) return held;
    waiting();
    await sleep(LOOK_EVERY_MS, signal);
  }
}

async function tryLock(path: string, tryLockFile: NodeLockDeps['tryLockFile']): Promise<HeldLock | undefined> {
  try {
    await makeFolder(dirname(path));
    return tryLockFile(path);
  } catch (cause) {
    throw new CoilError('internal', `cannot make sure by ${path} that no other coild serves this node`, { cause });
  }
}
