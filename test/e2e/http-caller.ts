/**
 * Makes the HTTP requests that standard input names (an `HttpErrand` as JSON), one after the other, and prints the
 * answers. A process of its own, because namespaces and users are the process's.
 */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { json, text } from 'node:stream/consumers';
import type { HttpAnswer, HttpErrand, HttpRequest } from './http-errand.ts';

const TIMEOUT_MS = 10_000;

async function call({ method = 'GET', path, headers = {}, body = '' }: HttpRequest, to: HttpErrand['to']) {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const outgoing = request({ ...to, agent: false, method, path, headers, signal });
  try {
    outgoing.end(body);
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    const type = incoming.headers['content-type'];
    return { status: incoming.statusCode ?? 0, ...(type ? { type } : {}), body: await text(incoming) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { status: 0, body: code ?? message };
  }
}

const { to, uid, requests } = (await json(process.stdin)) as HttpErrand;
if (uid !== undefined) {
  process.setgroups!([]);
  process.setgid!(uid);
  process.setuid!(uid);
}
const answers: HttpAnswer[] = [];
for (const one of requests) answers.push(await call(one, to));
process.stdout.write(JSON.stringify(answers));
