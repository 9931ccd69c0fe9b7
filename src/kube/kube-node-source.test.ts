import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import type { NodeNews } from '../controller/node-source.ts';
import { Backoff } from '../process/backoff.ts';
import { RecordingLogger } from '../process/recording-logger.ts';
import type { KubeClient, KubeRequest } from './kube-client.ts';
import { KubeError } from './kube-error.ts';
import { KubeNodeSource } from './kube-node-source.ts';

type Answer = readonly unknown[] | Error | 'silence';

/** Answers lists with the Nodes `node<version>`, and watches in turn; keeps what was asked for. */
class ScriptedServer {
  readonly asked: string[] = [];
  readonly #watches: Answer[];
  #version = 10;

  constructor(...watches: Answer[]) {
    this.#watches = watches;
  }

  readonly client: Pick<KubeClient, 'ask' | 'stream'> = {
    ask: async ({ query }: KubeRequest) => {
      this.asked.push(query?.continue ? `list ${query.continue}` : 'list');
      const name = `node${this.#version}`;
      const more = query?.continue ? {} : { continue: 'more' };
      const metadata = { resourceVersion: String(this.#version), ...more };
      if (query?.continue) this.#version += 10;
      return { metadata, items: [{ metadata: { name: query?.continue ? `${name}b` : name, resourceVersion: '1' } }] };
    },
    stream: async ({ query }: KubeRequest, signal: AbortSignal) => {
      this.asked.push(`watch ${query?.resourceVersion}`);
      const answer = this.#watches.shift() ?? 'silence';
      if (answer instanceof Error) throw answer;
      const lines = answer === 'silence' ? hanging(signal) : answer.map((event) => `${JSON.stringify(event)}\n`);
      return Readable.from(lines, { objectMode: false }) as Awaited<ReturnType<KubeClient['stream']>>;
    },
  };
}

async function* hanging(signal: AbortSignal): AsyncGenerator<string, void, undefined> {
  await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  yield '';
}

function event(type: string, name: string, version: number) {
  return { type, object: { metadata: { name, resourceVersion: String(version) } } };
}

const EXPIRED = { type: 'ERROR', object: { code: 410, message: 'too old resource version' } };
const BROKEN = { type: 'ERROR', object: { code: 500, message: 'etcd is gone' } };

/** Follows until so many requests were made. */
async function follow(server: ScriptedServer, requests: number, relistMs = 1e9) {
  const logger = new RecordingLogger();
  const stop = new AbortController();
  const { client } = server;
  const counting: typeof client = {
    ...client,
    stream: async (request, signal) => {
      if (server.asked.length + 1 >= requests) setImmediate(() => stop.abort(new Error('enough')));
      return await client.stream(request, signal);
    },
  };
  const backoff = new Backoff({ baseMs: 1, maxMs: 1 });
  const options = { watchSeconds: 0, silenceMs: 20, relistMs, backoff };
  let ticks = 0;
  const source = new KubeNodeSource(options, { client: counting, logger, clock: () => ticks++ });
  const news: NodeNews[] = [];
  for await (const one of source.watchNodes(stop.signal)) news.push(one);
  const texts = news.map((one) => (one.kind === 'all' ? `all ${[...one.names]}` : `${one.kind} ${one.name}`));
  return { news: texts, logger };
}

const LISTED = ['list', 'list more'];

test('a watch that the API server ends goes on from the last version seen, be it of a bookmark', async () => {
  const server = new ScriptedServer(
    [event('ADDED', 'a', 11), event('MODIFIED', 'a', 12), event('DELETED', 'b', 13)],
    [event('BOOKMARK', '', 20)],
  );
  const { news, logger } = await follow(server, 5);
  assert.deepEqual(server.asked, [...LISTED, 'watch 10', 'watch 13', 'watch 20']);
  assert.deepEqual(news, ['all node10,node10b', 'added a', 'deleted b']);
  assert.ok(logger.records.every(({ level }) => level === 'debug'));
});

for (const [what, answer] of [
  ['an event', [event('ADDED', 'a', 11), EXPIRED]],
  ['the answer itself', new KubeError('expired', { status: 410 })],
] as const) {
  test(`Nodes are listed anew where the version is too old, told by ${what}`, async () => {
    const server = new ScriptedServer(answer);
    const { news } = await follow(server, 6);
    assert.deepEqual(server.asked, [...LISTED, 'watch 10', ...LISTED, 'watch 20']);
    assert.equal(news.at(-1), 'all node20,node20b');
  });
}

test('any other error begins a watch from the last version seen', async () => {
  const server = new ScriptedServer([event('ADDED', 'a', 11), BROKEN], new KubeError('connection refused'));
  const { logger } = await follow(server, 5);
  assert.deepEqual(server.asked, [...LISTED, 'watch 10', 'watch 11', 'watch 11']);
  const told = logger.records.filter(({ level }) => level === 'warn').map(({ message }) => message);
  assert.deepEqual(told, Array(2).fill('cannot follow the Nodes of Kubernetes; trying again'));
});

test('a watch that is silent for too long is opened anew', async () => {
  const server = new ScriptedServer('silence');
  const { logger } = await follow(server, 4);
  assert.deepEqual(server.asked, [...LISTED, 'watch 10', 'watch 10']);
  assert.ok(logger.messages.includes('the watch of Nodes was silent for too long; opening it anew'));
});

test('Nodes are listed anew now and then', async () => {
  const server = new ScriptedServer([], []);
  await follow(server, 6, 1);
  assert.deepEqual(server.asked, [...LISTED, 'watch 10', ...LISTED, 'watch 20']);
});
