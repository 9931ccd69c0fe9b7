import { once } from 'node:events';
import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { hostToBind, type ListenAddress } from './listen-address.ts';

export interface ListenOptions {
  /** How long another process may have the port still, in milliseconds: the last Pod of the same name, for one. */
  readonly patienceMs?: number;
  readonly signal: AbortSignal;
}

const PATIENCE_MS = 10_000;
const RETRY_MS = 200;

/** Disposing of what it gives closes the server. @throws the kernel's error; the signal's reason */
export async function listen(
  server: Server,
  address: ListenAddress,
  { patienceMs = PATIENCE_MS, signal }: ListenOptions,
): Promise<AsyncDisposable> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      server.listen({ port: address.port, host: hostToBind(address) });
      await once(server, 'listening', { signal });
      break;
    } catch (error) {
      signal.throwIfAborted();
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || performance.now() >= deadline) throw error;
      await delay(RETRY_MS, undefined, { signal });
    }
  }
  return {
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}
