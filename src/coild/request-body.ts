import type { IncomingMessage } from 'node:http';
import { HttpError } from './rest-failure.ts';

/** A request's body as UTF-8. @throws {HttpError} 413 for more than `limit` bytes, 400 where the client goes away */
export function bodyOf(request: IncomingMessage, limit: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) reject(new HttpError(413, 'Request body is too large'));
      else chunks.push(chunk);
    });
    request.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.once('error', () => reject(new HttpError(400, 'the connection was closed within the request')));
  });
}
