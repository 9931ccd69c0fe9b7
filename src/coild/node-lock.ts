import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { CoilError } from '../model/error.ts';

/**
 * Lets one process of this network namespace serve a node at a time: whoever has an abstract unix socket (unix(7)) of
 * the node's name. The kernel takes it away with the process, however that ends.
 * @param waiting called where another process has it, before it is waited for
 * @throws the signal's reason
 */
export async function lockNode(node: string, waiting: () => void, signal: AbortSignal): Promise<Disposable> {
  const path = `\0coild/${node}`;
  for (;;) {
    signal.throwIfAborted();
    const server = createServer();
    try {
      server.listen(path);
      await once(server, 'listening', { signal });
      return { [Symbol.dispose]: () => void server.close() };
    } catch (cause) {
      signal.throwIfAborted();
      if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE')
        throw new CoilError('internal', `cannot make sure that no other coild serves node ${node}`, { cause });
    }
    waiting();
    await connectionEnds(path, signal);
  }
}

/** Waits as long as the process lives that listens at `path`; not at all where it has gone already. */
async function connectionEnds(path: string, signal: AbortSignal): Promise<void> {
  const socket = connect(path);
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once('close', () => resolve());
  socket.on('error', () => undefined);
  const onAbort = () => socket.destroy();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
