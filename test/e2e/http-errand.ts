import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';

const CALLER = join(import.meta.dirname, 'http-caller.ts');

export interface HttpRequest {
  /** GET by default. */
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Requests to one server, and who makes them. */
export interface HttpErrand {
  readonly to: { readonly socketPath: string } | { readonly host: string; readonly port: number };
  /** By default, of the test's own user. */
  readonly uid?: number;
  readonly requests: readonly HttpRequest[];
}

export interface HttpAnswer {
  /** 0 where there was no answer; the body says why then, e.g. `ECONNREFUSED`. */
  readonly status: number;
  readonly type?: string;
  readonly body: string;
}

/** Makes requests from inside a network namespace. */
export async function makeRequests(netns: string, errand: HttpErrand): Promise<readonly HttpAnswer[]> {
  const child = spawn('nsenter', [`--net=${netns}`, process.execPath, CALLER], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(errand));
  const [answers] = await Promise.all([json(child.stdout) as Promise<HttpAnswer[]>, once(child, 'exit')]);
  return answers;
}
