import type { IncomingMessage } from 'node:http';
import { HttpError } from './rest-failure.ts';

/** That the client of a request goes away; listened for until it is disposed of. */
export interface Departure extends Disposable {
  /** Aborted with what `bodyOf` rejects with then. */
  readonly signal: AbortSignal;
}

/** A request's body as UTF-8. @throws {HttpError} 413 for more than `limit` bytes, 400 where the client goes away */
export function bodyOf(request: IncomingMessage, limit: number): Promise<string> {
  return new Promise((resolve, reject) => {
    // of what was destroyed before, no event comes
    if (request.destroyed) reject(gone());
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) reject(new HttpError(413, 'Request body is too large'));
      else chunks.push(chunk);
    });
    request.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.once('close', () => reject(gone()));
  });
}

export function departureOf({ socket }: IncomingMessage): Departure {
  const abort = new AbortController();
  const onClose = () => abort.abort(gone());
  if (socket.destroyed) onClose();
  socket.once('close', onClose);
  return { signal: abort.signal, [Symbol.dispose]: () => socket.off('close', onClose) };
}

function gone(): HttpError {
  return new HttpError(400, 'the client has gone before it was answered');
}
