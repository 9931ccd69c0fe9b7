import { randomUUID } from 'node:crypto';
import { chmod, link, lstat, rename, stat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { CoilError } from '../model/error.ts';

const PROBE_TIMEOUT_MS = 2_000;
const ATTEMPTS = 5;

/**
 * Puts a socket, which `listen` makes at the path that it is given, at `path` with mode 0600: a stale one is replaced,
 * a live one is an error, and at no time can somebody else connect to it. Gives the function that takes it away.
 * @throws {CoilError} invalid-argument where another process answers at `path`, or something else is there
 */
export async function listenUnix(
  path: string,
  listen: (temporary: string) => Promise<void>,
): Promise<() => Promise<void>> {
  const temporary = `${path}.${randomUUID().slice(0, 8)}`;
  await listen(temporary);
  try {
    await chmod(temporary, 0o600);
    const { ino } = await stat(temporary);
    await place(temporary, path);
    return async () => {
      const now = await stat(path).catch(() => undefined);
      if (now?.ino === ino) await unlinkIfThere(path);
    };
  } finally {
    await unlinkIfThere(temporary);
  }
}

/** link(2) fails where the name is taken, so of two who find a stale socket only one can take its place. */
async function place(temporary: string, path: string): Promise<void> {
  const aside = `${temporary}.stale`;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      return await link(temporary, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (await isForeign(path)) throw new CoilError('invalid-argument', `${path} is there already, and is not a socket`);
    if (await answers(path)) throw inUse(path);
    await rename(path, aside).catch(ignoreMissing);
    // meanwhile another may have put a live one there: it gets it back
    if (await answers(aside)) {
      await link(aside, path).catch(() => undefined);
      await unlinkIfThere(aside);
      throw inUse(path);
    }
    await unlinkIfThere(aside);
  }
  throw inUse(path);
}

function inUse(path: string): CoilError {
  return new CoilError('invalid-argument', `another process serves ${path}: stop it first, or is this a second coild?`);
}

/** Whether there is something that no coild left there. */
async function isForeign(path: string): Promise<boolean> {
  const found = await lstat(path).catch(ignoreMissing);
  return found !== undefined && !found.isSocket();
}

/** Whether some process accepts connections at `path`. One that does not do so in time is alive all the same. */
function answers(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(path);
  socket.setTimeout(PROBE_TIMEOUT_MS, () => resolve(true));
  socket.once('connect', () => resolve(true));
  socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EAGAIN'));
  return promise.finally(() => socket.destroy());
}

async function unlinkIfThere(path: string): Promise<void> {
  await unlink(path).catch(ignoreMissing);
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
