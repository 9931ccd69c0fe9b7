import { type ClientHttp2Session, type ClientSessionOptions, connect } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { connectReason } from './connect-reason.ts';
import { GRPC_STATUS, GrpcError } from './grpc-error.ts';

/** What the server may send before we have taken it: a read of all block documents must not wait for our answers. */
const WINDOW_BYTES = 8 << 20;

export interface DialOptions {
  /** Certificates and key, for an https URL. */
  readonly secureContext?: SecureContext | undefined;
  readonly timeoutMs: number;
}

/** A server at a path has no name; gRPC's own clients give it this one. */
const UNIX_AUTHORITY = 'http://localhost';

/**
 * Begins to connect an HTTP/2 server at `http://HOST:PORT`, `https://HOST:PORT` or `unix://PATH`. `ready` is fulfilled once the server
 * has shown that it speaks HTTP/2, and rejected with a GrpcError that says why not. Errors after that end the session
 * and its streams.
 */
export function dial(url: string, options: DialOptions): { session: ClientHttp2Session; ready: Promise<void> } {
  const { secureContext, timeoutMs } = options;
  const path = url.startsWith('unix://') ? url.slice('unix://'.length) : undefined;
  const session = connect(path === undefined ? url : UNIX_AUTHORITY, {
    settings: { enablePush: false, initialWindowSize: WINDOW_BYTES },
    // in megabytes; the size of what is read is limited by what is there
    maxSessionMemory: Number.MAX_SAFE_INTEGER,
    ...(secureContext ? { secureContext } : {}),
    ...(path === undefined ? {} : { createConnection: () => connectSocket({ path }) }),
  } as ClientSessionOptions);
  let failure: Error | undefined;
  session.on('error', (error) => {
    failure = error;
  });
  // over TLS, once the handshake is over
  let isConnected = false;
  session.once('connect', (_session, socket) => {
    isConnected = true;
    // an alert of TLS, by which a server refuses a client, leaves the socket open in Node, and the session waits for it
    socket.once('error', () => socket.destroy());
    if (!session.destroyed) session.setLocalWindowSize(WINDOW_BYTES);
  });
  const ready = new Promise<void>((resolve, reject) => {
    const late = new Error(`no connection within ${timeoutMs} ms`);
    const timer = setTimeout(() => session.destroy(late), timeoutMs);
    session.once('remoteSettings', () => {
      clearTimeout(timer);
      resolve();
    });
    session.once('close', () => {
      clearTimeout(timer);
      const code = GRPC_STATUS.unavailable;
      const inHandshake = secureContext !== undefined && !isConnected;
      reject(new GrpcError(connectReason(failure, { inHandshake }), { code, sent: false, cause: failure }));
    });
  });
  return { session, ready };
}
