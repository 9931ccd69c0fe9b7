import type { KubeClient, KubeRequest } from './kube-client.ts';
import { KubeError } from './kube-error.ts';

/** Objects a page: large enough for few requests, small enough for the API server's memory. As kubectl has it. */
const PAGE = 500;

/** A page of a list of objects. */
export interface ObjectPage<T> {
  readonly items: readonly T[];
  /** Where a watch of what comes after the list begins. */
  readonly version: string;
}

interface ListAnswer<T> {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  /** Null where there are none; an answer without is none of the API server. */
  readonly items?: readonly T[] | null;
}

/** Lists objects as they are now, not as the API server remembers them, a page at a time. @throws {KubeError} */
export async function* listObjects<T>(
  client: Pick<KubeClient, 'ask'>,
  request: Pick<KubeRequest, 'path' | 'query' | 'headers'>,
  signal: AbortSignal,
): AsyncGenerator<ObjectPage<T>, void, undefined> {
  let next: string | undefined;
  do {
    const query = { limit: String(PAGE), ...request.query, ...(next === undefined ? {} : { continue: next }) };
    const answer = (await client.ask({ ...request, method: 'GET', query }, signal)) as ListAnswer<T>;
    if (answer.items === undefined)
      throw new KubeError(`GET ${request.path} was answered with something else than a list`);
    yield { items: answer.items ?? [], version: answer.metadata?.resourceVersion ?? '' };
    next = answer.metadata?.continue || undefined;
  } while (next !== undefined);
}
