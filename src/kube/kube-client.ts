import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { abortable } from '../process/abortable.ts';
import { withDeadline } from '../process/deadline.ts';
import type { KubeAccess } from './kube-access.ts';
import { KubeError } from './kube-error.ts';

/** How long a request may take, or a stream to begin; a page of a list may be some megabytes. */
const REQUEST_MS = 15_000;
/** Of what a proxy answers instead of the API server, so much tells enough. */
const MAX_DETAIL = 300;

export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/api/v1/nodes`, with names escaped. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Requests to the API server: one attempt each, bounded in time, over connections that are kept. */
export class KubeClient implements Disposable {
  readonly #access: KubeAccess;

  constructor(access: KubeAccess) {
    this.#access = access;
  }

  /** Gives the object of the answer. @throws {KubeError} with the status of any other answer than success */
  async ask(request: KubeRequest, signal: AbortSignal): Promise<unknown> {
    return await this.#within(request, signal, async (until) => {
      const answer = await text(await this.#send(request, until));
      return JSON.parse(answer) as unknown;
    });
  }

  /** Begins to read an answer of many lines, that of a watch; it goes on until it ends or `signal` is aborted. */
  async stream(request: KubeRequest, signal: AbortSignal): Promise<IncomingMessage> {
    // the deadline is for the beginning alone
    const late = new AbortController();
    return await this.#within(request, signal, (until) => {
      until.addEventListener('abort', () => late.abort(until.reason), { once: true });
      return this.#send(request, AbortSignal.any([signal, late.signal]));
    });
  }

  async #within<T>(request: KubeRequest, signal: AbortSignal, body: (until: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await withDeadline({ ms: REQUEST_MS, signal }, body);
    } catch (cause) {
      signal.throwIfAborted();
      if (cause instanceof KubeError) throw cause;
      throw new KubeError(`${this.#name(request)} failed`, { cause });
    }
  }

  async #send(request: KubeRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const { method, path, query = {}, body, headers } = request;
    const { headers: credentials, ...options } = await abortable(this.#access.credentials(), signal);
    const url = new URL(`${this.#access.server}${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const content = body === undefined ? undefined : JSON.stringify(body);
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const sent = (url.protocol === 'http:' ? httpRequest : httpsRequest)(url, {
      method,
      ...options,
      headers: {
        Accept: 'application/json',
        ...(content === undefined
          ? {}
          : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(content) }),
        ...headers,
        ...(credentials as Record<string, string>),
      },
      signal,
    });
    sent.on('response', resolve);
    sent.on('error', (error) => reject(signal.aborted ? signal.reason : error));
    sent.end(content);
    const answer = await promise;
    if (answer.statusCode !== undefined && answer.statusCode < 300) return answer;
    throw await this.#refusal(request, answer);
  }

  /** The API server says what is wrong in a Status object; a proxy before it in a text of its own. */
  async #refusal(request: KubeRequest, answer: IncomingMessage): Promise<KubeError> {
    const said = await text(answer);
    const status = answer.statusCode ?? 0;
    return new KubeError(`${this.#name(request)} was answered with ${status}: ${reasonIn(said)}`, { status });
  }

  #name({ method, path }: KubeRequest): string {
    return `${method} ${this.#access.server}${path}`;
  }

  [Symbol.dispose](): void {
    this.#access.close();
  }
}

function reasonIn(said: string): string {
  try {
    const { message } = JSON.parse(said) as { readonly message?: unknown };
    if (typeof message === 'string') return message;
  } catch {
    // not a Status
  }
  return said.trim().slice(0, MAX_DETAIL) || 'no reason given';
}
