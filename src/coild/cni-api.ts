import type { FastifyInstance, FastifyRequest } from 'fastify';
import { CNI_CODE, CniError } from '../cni/cni-error.ts';
import { toCniError } from '../cni/cni-failure.ts';
import { type CniParameters, parseCniRequest } from '../cni/cni-request.ts';
import type { PodAttacher } from '../cni/pod-attacher.ts';
import { formatAddResult } from '../cni/result.ts';
import { answerVersion } from '../cni/versions.ts';
import { isRecord } from '../model/json.ts';
import type { Logger } from '../process/logger.ts';

/** By it the client knows that the body is to be printed as it is. */
const CONTENT_TYPE = 'application/cni+json';
/** Of CNI_ARGS, which name the Pod, but may be kilobytes; in characters. */
const MAX_LOGGED = 512;

export interface CniApiDeps {
  readonly attacher: Pick<PodAttacher, 'add' | 'del' | 'check'>;
  /** Why an ADD could not be served now; undefined where it could. */
  readonly unavailable: () => string | undefined;
  readonly logger: Logger;
}

/**
 * `POST /cni`: a plugin call, handed over by the executable that the runtime calls. Headers hold the environment
 * (`CNI-Containerid` and so on), the body is standard input, and the answer is standard output.
 */
export function addCniApi(app: FastifyInstance, deps: CniApiDeps, deadline: () => AbortSignal): void {
  app.post('/cni', async (request, reply) => {
    const stdin = String(request.body ?? '');
    reply.type(CONTENT_TYPE);
    try {
      const answer = await serve(deps, parametersOf(request), stdin, deadline());
      return await reply.send(answer === undefined ? '' : JSON.stringify(answer));
    } catch (error) {
      const failure = toCniError(error);
      logFailure(deps.logger, parametersOf(request), failure.code, error);
      return await reply.code(httpStatus(failure)).send(JSON.stringify(failure.toJson(versionOf(stdin))));
    }
  });
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
  signal: AbortSignal,
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
    case 'STATUS': {
      const reason = deps.unavailable();
      if (reason !== undefined) throw new CniError(CNI_CODE.pluginNotAvailable, reason);
      return undefined;
    }
  }
}

/** HTTP knows only Latin-1; the bytes are the environment's. */
function parametersOf({ headers }: FastifyRequest): CniParameters {
  const header = (name: string): string | undefined => {
    const value = headers[name];
    return typeof value === 'string' ? Buffer.from(value, 'latin1').toString('utf8') : undefined;
  };
  return {
    command: header('cni-command'),
    containerId: header('cni-containerid'),
    netns: header('cni-netns'),
    ifname: header('cni-ifname'),
    args: header('cni-args'),
  };
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
