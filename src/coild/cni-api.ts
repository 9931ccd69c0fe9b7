import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddsSince, AddsUnderWay } from '../cni/adds-under-way.ts';
import { CNI_CODE, CniError } from '../cni/cni-error.ts';
import { toCniError } from '../cni/cni-failure.ts';
import { type CniParameters, parseCniRequest } from '../cni/cni-request.ts';
import type { GarbageCollection } from '../cni/garbage-collection.ts';
import type { PodAttacher } from '../cni/pod-attacher.ts';
import { formatAddResult } from '../cni/result.ts';
import { answerVersion } from '../cni/versions.ts';
import { CoilError } from '../model/error.ts';
import { isRecord } from '../model/json.ts';
import { abortable } from '../process/abortable.ts';
import { formatDuration } from '../process/duration.ts';
import type { Logger } from '../process/logger.ts';
import { parametersOf } from './cni-parameters.ts';
import type { CniTurn, CniTurns } from './cni-turns.ts';
import { bodyOf, departureOf } from './request-body.ts';
import type { RequestObserver } from './request-metrics.ts';
import { HttpError, toRestFailure } from './rest-failure.ts';

/** By it the client knows that the body is to be printed as it is. */
const CONTENT_TYPE = 'application/cni+json';
const JSON_TYPE = 'application/json; charset=utf-8';
/** Of CNI_ARGS, which name the Pod, but may be kilobytes; in characters. */
const MAX_LOGGED = 512;

export interface CniApiDeps {
  readonly attacher: Pick<PodAttacher, 'add' | 'del' | 'check'>;
  readonly garbage: Pick<GarbageCollection, 'collect'>;
  readonly adds: Pick<AddsUnderWay, 'since'>;
  readonly turns: Pick<CniTurns, 'take'>;
  /** Why an ADD could not be served now; undefined where it could. */
  readonly unavailable: () => string | undefined;
  /** Is told of each call once it was answered. */
  readonly observer: RequestObserver;
  readonly logger: Logger;
}

export interface CniApiOptions {
  /** Rejects where the client of a request may not change anything. */
  readonly authorize: (request: IncomingMessage) => Promise<void>;
  /** A call is answered within it. */
  readonly deadlineMs: number;
  /** In bytes. */
  readonly bodyLimit: number;
}

/** Whether `serveCni` is to answer. */
export function isCniCall({ method, url }: IncomingMessage): boolean {
  return method === 'POST' && url === '/cni';
}

/**
 * `POST /cni`: a plugin call, handed over by the executable that the runtime calls. Headers hold the environment
 * (`CNI-Containerid` and so on), the body is standard input, and the answer is standard output. It is served without
 * the router of the REST API, since a Pod's start waits for it.
 */
export async function serveCni(
  deps: CniApiDeps,
  { authorize, deadlineMs, bodyLimit }: CniApiOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const begun = performance.now();
  try {
    await authorize(request);
    const parameters = parametersOf(request.headers);
    const { status, code, body } = await answerInTurn(deps, { deadlineMs, bodyLimit }, parameters, request);
    send(response, status, CONTENT_TYPE, body);
    deps.observer.cni({ command: parameters.command, code, ms: performance.now() - begun });
  } catch (error) {
    // nothing of CNI yet: who asks may not, or says too much, or has gone
    const failure = toRestFailure(error, randomUUID());
    deps.logger.debug('a request was refused', { method: request.method, url: request.url, ...failure });
    response.shouldKeepAlive = false;
    send(response, failure.status, JSON_TYPE, JSON.stringify(failure));
  }
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}

/** What to answer, and with which status. */
interface Answer {
  readonly status: number;
  /** CNI's number of the error; 0 for none. */
  readonly code: number;
  readonly body: string;
}

async function answerInTurn(
  deps: CniApiDeps,
  { deadlineMs, bodyLimit }: Pick<CniApiOptions, 'deadlineMs' | 'bodyLimit'>,
  parameters: CniParameters,
  request: IncomingMessage,
): Promise<Answer> {
  const signal = AbortSignal.timeout(deadlineMs);
  let turn: HeldTurn;
  try {
    turn = await turnOf(deps, parameters, signal, request);
  } catch (error) {
    const stdin = await bodyOf(request, bodyLimit);
    const late = `no turn within ${formatDuration(deadlineMs)}: calls that came before it are under way yet`;
    return failureOf(deps, parameters, stdin, inTime(error, signal, `${late}; coild's log tells what they wait for`));
  }
  const body = bodyOf(request, bodyLimit);
  // it is under way as long as it takes, also where its answer is not waited for any more
  const served = body.then((stdin) => serve(deps, parameters, stdin, turn)).finally(() => turn[Symbol.dispose]());
  served.catch(() => undefined);
  const stdin = await body;
  try {
    const answer = await abortable(served, turn.signal);
    return { status: 200, code: 0, body: answer === undefined ? '' : JSON.stringify(answer) };
  } catch (error) {
    if (error instanceof HttpError) throw error;
    const late = 'coild could not do it in time: its datastore or the kernel does not answer; its log tells which';
    return failureOf(deps, parameters, stdin, inTime(error, signal, late));
  }
}

/** A turn, and for GC what is attached since its call came. */
interface HeldTurn extends CniTurn {
  readonly added: AddsSince | undefined;
}

/**
 * A call that waits for its turn leaves its body where it is: in the kernel. Where its plugin goes away, it is not to be
 * done any more: a DEL is in the spool by then, or sent again, and what was attached after it is not its own.
 */
async function turnOf(
  { adds, turns }: CniApiDeps,
  parameters: CniParameters,
  signal: AbortSignal,
  request: IncomingMessage,
): Promise<HeldTurn> {
  using waiting = new DisposableStack();
  const departure = waiting.use(departureOf(request));
  // the runtime has spoken, and knows nothing of what is attached while GC waits
  const added = parameters.command === 'GC' ? waiting.use(adds.since()) : undefined;
  const turn = waiting.use(await turns.take(parameters, AbortSignal.any([signal, departure.signal])));
  // the DEL that follows an ADD may be in the spool, and done: nothing must come of the ADD then
  if (parameters.command !== 'ADD') departure[Symbol.dispose]();
  const held = waiting.move();
  return { signal: turn.signal, added, [Symbol.dispose]: () => held.dispose() };
}

/** What stopped at the deadline says less than why it was stopped. */
function inTime(error: unknown, signal: AbortSignal, late: string): unknown {
  if (!signal.aborted || error !== signal.reason) return error;
  return new CoilError('overloaded', late, { cause: error });
}

function failureOf(deps: CniApiDeps, parameters: CniParameters, stdin: string, error: unknown): Answer {
  const failure = toCniError(error);
  logFailure(deps.logger, parameters, failure.code, error);
  return { status: httpStatus(failure), code: failure.code, body: JSON.stringify(failure.toJson(versionOf(stdin))) };
}

/** Runtimes ask for the status every few seconds: that it is bad is logged by what made it so. */
function logFailure(logger: Logger, { command, containerId, args }: CniParameters, code: number, error: unknown): void {
  const fields = { command, containerId, args: args?.slice(0, MAX_LOGGED), code, error };
  if (command === 'STATUS') logger.debug('a CNI call failed', fields);
  else logger.error('a CNI call failed', fields);
}

async function serve(
  deps: CniApiDeps,
  parameters: CniParameters,
  stdin: string,
  { signal, added }: HeldTurn,
): Promise<object | undefined> {
  const { command, request } = parseCniRequest(parameters, stdin);
  switch (command) {
    case 'ADD':
      return formatAddResult(request.config.cniVersion, await deps.attacher.add(request, signal));
    case 'DEL':
      await deps.attacher.del(request, signal);
      return undefined;
    case 'CHECK':
      await deps.attacher.check(request, signal);
      return undefined;
    case 'GC':
      await deps.garbage.collect(request, added!, signal);
      return undefined;
    case 'STATUS': {
      const reason = deps.unavailable();
      if (reason !== undefined) throw new CniError(CNI_CODE.pluginNotAvailable, reason);
      return undefined;
    }
  }
}

/** The version to answer in, also where the request could not be read as a whole. */
function versionOf(stdin: string) {
  try {
    const json: unknown = JSON.parse(stdin);
    return answerVersion(isRecord(json) ? json.cniVersion : undefined);
  } catch {
    return answerVersion(undefined);
  }
}

function httpStatus({ code }: CniError): number {
  if (code === CNI_CODE.tryAgainLater || code === CNI_CODE.pluginNotAvailable) return 503;
  return code < CNI_CODE.tryAgainLater && code !== CNI_CODE.io ? 400 : 500;
}
