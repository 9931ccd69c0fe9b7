import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { CniError } from '../cni-error.ts';
import type { CoildAddress } from './coild-address.ts';
import { exchangeFailure, type HandoverStep, noAnswer, notCoild } from './coild-failure.ts';

const MEDIA_TYPE = 'application/cni+json';
const MAX_BODY = 4 * 1024 * 1024;
const QUEUE_RETRY_MS = 20;

/** How long a handover may take: `signal` ends it, `seconds` is what its error says. */
export interface HandoverDeadline {
  readonly seconds: number;
  readonly signal: AbortSignal;
}

/** A CNI call on its way to coild. */
export interface CniMessage {
  /** The variables, by header. */
  readonly headers: Readonly<Record<string, string>>;
  /** Standard input as it came. */
  readonly body: Buffer;
}

/** What coild answered: 200, and the result; or another status, and a CNI error. */
export interface CoildAnswer {
  readonly status: number;
  /** To be printed as it is. */
  readonly body: Buffer;
}

/**
 * Sends one CNI request, `POST /cni`, and reads the answer to its end.
 *
 * @throws {CniError} tryAgainLater where coild is not there, or is late, or is no such coild
 */
export async function handOver(
  address: CoildAddress,
  message: CniMessage,
  deadline: HandoverDeadline,
): Promise<CoildAnswer> {
  const { signal } = deadline;
  for (;;) {
    const outgoing = open(address, message, signal);
    const progress = watchProgress(outgoing);
    try {
      outgoing.end(message.body);
      const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
      return await readAnswer(address.text, incoming);
    } catch (error) {
      if (error instanceof CniError) throw error;
      if (signal.aborted) throw noAnswer(address.text, progress.step, whyEnded(deadline), error);
      if (!isQueueFull(error)) throw exchangeFailure(address.text, progress.step, error);
    } finally {
      outgoing.destroy();
    }
    await delay(QUEUE_RETRY_MS * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
  }
}

/** All headers of the request, in their order. */
export function headersOf({ headers, body }: CniMessage): Record<string, string> {
  return {
    Host: 'coild',
    'Content-Type': 'application/json',
    'Content-Length': String(body.length),
    Connection: 'close',
    ...headers,
  };
}

function open(address: CoildAddress, message: CniMessage, signal: AbortSignal): ClientRequest {
  const headers = headersOf(message);
  return request({ ...address.target, agent: false, method: 'POST', path: '/cni', headers, signal });
}

function whyEnded({ signal, seconds }: HandoverDeadline): string {
  const late = signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError';
  return late ? `no complete answer within ${seconds} s` : 'stopped before the answer was complete';
}

/** Also keeps errors that come after the response has begun, which the response reports, from being unhandled. */
function watchProgress(outgoing: ClientRequest): { readonly step: HandoverStep } {
  const progress: { step: HandoverStep } = { step: 'connect' };
  outgoing.on('error', () => undefined);
  outgoing.once('socket', (socket) => {
    socket.once('connect', () => {
      progress.step = 'receive';
    });
  });
  return progress;
}

async function readAnswer(address: string, incoming: IncomingMessage): Promise<CoildAnswer> {
  const { statusCode: status = 0, headers } = incoming;
  const refuse = (what: string) => notCoild(address, `HTTP status ${status}, ${what}`);
  if (headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() !== MEDIA_TYPE) throw refuse(`not ${MEDIA_TYPE}`);
  if (headers['transfer-encoding'] !== undefined) throw refuse('in a Transfer-Encoding');
  if (Number(headers['content-length'] ?? 0) > MAX_BODY) throw refuse('larger than 4 MiB');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw refuse('larger than 4 MiB');
    chunks.push(chunk);
  }
  return { status, body: Buffer.concat(chunks) };
}

/** Where a Unix socket's queue is full, connect(2) does not wait on a socket that does not block, as Node's. */
function isQueueFull(error: unknown): boolean {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return code === 'EAGAIN' && syscall === 'connect';
}
