import { readFileSync } from 'node:fs';
import type { HttpRequest } from './http-errand.ts';

/** A request, and what v1's coild answered to it. */
export interface V1RestAnswer {
  readonly request: HttpRequest;
  readonly status: number;
  /** Without `request_id`, which is another each time. */
  readonly body: string;
}

/** Where ours differs from v1, by request. */
export const V1_REST_EXCEPTIONS: Readonly<Record<string, { readonly reason: string; readonly body: RegExp }>> = {
  'POST /ip {': {
    reason: "what is wrong with the JSON is said in the words of the parser, which is not Go's",
    body: /^\{"error":"invalid request: [^"]+","status":400\}$/,
  },
};

/** The answers over the golden data, as node1: test/golden/v1-rest.txt. */
export function v1RestAnswers(): readonly V1RestAnswer[] {
  const text = readFileSync(new URL('../golden/v1-rest.txt', import.meta.url), 'utf8');
  return text.trim().split('\n\n').map(parse);
}

/** Of a request, as it stands in the file. */
export function nameOf({ method = 'GET', path, body }: HttpRequest): string {
  return [method, path, ...(body === undefined ? [] : [body])].join(' ');
}

function parse(entry: string): V1RestAnswer {
  const [, method = '', path = '', sent, status, body = ''] =
    /^(\w+) (\S+)(?: (.*))?\n-> (\d+) (.*)$/.exec(entry) ?? [];
  if (status === undefined) throw new Error(`not a request and its answer: ${entry}`);
  return {
    request: { method, path, ...(sent === undefined ? {} : { body: sent }) },
    status: Number(status),
    body,
  };
}
