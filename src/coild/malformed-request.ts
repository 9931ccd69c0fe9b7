import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { HttpError, toRestFailure } from './rest-failure.ts';

/** Of node:http (errors.html, llhttp): what was wrong before there was a request that could be served. */
const REASONS: Readonly<Record<string, readonly [status: number, reason: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'the headers are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'the request was not complete in time'],
};

/** Answers what is no HTTP request as v1's API answers any failure, and ends the connection. */
export function answerMalformed(error: NodeJS.ErrnoException & { readonly reason?: string }, socket: Socket): void {
  if (socket.destroyed || !socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, reason] = REASONS[error.code ?? ''] ?? [400, `malformed HTTP: ${error.reason ?? error.message}`];
  const failure = toRestFailure(new HttpError(status, `invalid request: ${reason}`), randomUUID());
  const body = JSON.stringify(failure);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
