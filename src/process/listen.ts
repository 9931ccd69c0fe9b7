import { once } from 'node:events';
import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** An address to listen at. */
export interface ListenAddress {
  /** IP address or name; empty for all addresses. */
  readonly host: string;
  readonly port: number;
}

export interface ListenOptions {
  /** How long to wait for another process that has the port, in milliseconds: it may be on its way out. */
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}

const RETRY_MS = 200;

/** Disposing of what it gives closes the server. @throws the kernel's error; the signal's reason */
export async function listen(
  server: Server,
  { host, port }: ListenAddress,
  { patienceMs, signal }: ListenOptions,
): Promise<AsyncDisposable> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      // without a host Node listens on ::, or on 0.0.0.0 where the kernel has no IPv6
      server.listen({ port, ...(host === '' ? {} : { host }) });
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
