import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { connectKube } from './connect-kube.ts';
import type { KubeClient } from './kube-client.ts';

/** A server in the place of the API server's, and a client of it by a kubeconfig file. */
class Connected implements AsyncDisposable {
  readonly client: KubeClient;
  readonly connections = new Set<unknown>();
  readonly #server: Server;
  readonly #folder: string;

  private constructor(client: KubeClient, server: Server, folder: string) {
    this.client = client;
    this.#server = server;
    this.#folder = folder;
    server.on('connection', (socket) => this.connections.add(socket));
  }

  static async to(listener: RequestListener): Promise<Connected> {
    const server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const folder = await mkdtemp(join(tmpdir(), 'coil-kubeconfig-'));
    const { port } = server.address() as AddressInfo;
    const files = [join(folder, 'clusters'), join(folder, 'users')];
    await writeFile(files[0]!, clusters(port));
    await writeFile(files[1]!, USERS);
    return new Connected(await connectKube({ kubeconfig: files.join(':'), env: {} }), server, folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client[Symbol.dispose]();
    this.#server.closeAllConnections();
    this.#server.close();
    await rm(this.#folder, { recursive: true });
  }
}

const clusters = (port: number) => `
current-context: test
contexts: [{name: test, context: {cluster: test, user: test}}]
clusters: [{name: test, cluster: {server: "http://127.0.0.1:${port}/prefix/"}}]
`;
const USERS = 'users: [{name: test, user: {token: secret}}]';
const forever = new AbortController().signal;

test('asks with the credentials of the kubeconfig files, which are merged, and over one connection', async () => {
  const seen: unknown[] = [];
  await using connected = await Connected.to(async (request, response) => {
    const { method, url, headers } = request as IncomingMessage;
    seen.push([method, url, headers.authorization, await text(request)]);
    response.end('{"kind":"Lease"}');
  });
  const { client } = connected;
  const query = { fieldSelector: 'metadata.name=a' };
  assert.deepEqual(await client.ask({ method: 'GET', path: '/api', query }, forever), { kind: 'Lease' });
  await client.ask({ method: 'PUT', path: '/lease', body: { a: 1 } }, forever);
  // which HTTP allows, and Node gives no length by itself
  await client.ask({ method: 'DELETE', path: '/lease', body: { b: 'ü' } }, forever);
  assert.deepEqual(seen, [
    ['GET', '/prefix/api?fieldSelector=metadata.name%3Da', 'Bearer secret', ''],
    ['PUT', '/prefix/lease', 'Bearer secret', '{"a":1}'],
    ['DELETE', '/prefix/lease', 'Bearer secret', '{"b":"ü"}'],
  ]);
  assert.equal(connected.connections.size, 1);
});

test('a refusal has the status, and what the API server says', async () => {
  await using connected = await Connected.to((_request, response) => {
    response.writeHead(409).end('{"kind":"Status","message":"the object has been modified"}');
  });
  await assert.rejects(connected.client.ask({ method: 'PUT', path: '/x' }, forever), {
    status: 409,
    message: /^PUT http:.*\/x was answered with 409: the object has been modified$/,
  });
});

test('what a proxy says instead is cut short', async () => {
  await using connected = await Connected.to((_request, response) => {
    response.writeHead(502).end(`<html>${'y'.repeat(10_000)}`);
  });
  await assert.rejects(connected.client.ask({ method: 'GET', path: '/x' }, forever), (error: Error) => {
    assert.match(error.message, /answered with 502: <html>yyy/);
    assert.ok(error.message.length < 500);
    return true;
  });
});

test('a server that is not there is an error without a status', async () => {
  const connected = await Connected.to(() => {});
  await connected[Symbol.asyncDispose]();
  await assert.rejects(connected.client.ask({ method: 'GET', path: '/x' }, forever), { status: undefined });
});

test('a request that nobody answers ends with its signal', async () => {
  const stop = new AbortController();
  await using connected = await Connected.to(() => stop.abort(new Error('stopped')));
  await assert.rejects(connected.client.ask({ method: 'GET', path: '/x' }, stop.signal), /stopped/);
});

test('a stream ends with its signal, and not before', async () => {
  await using connected = await Connected.to((_request, response) => void response.write('one\n'));
  const stop = new AbortController();
  const answer = await connected.client.stream({ method: 'GET', path: '/x' }, stop.signal);
  await assert.rejects(async () => {
    for await (const chunk of answer) {
      assert.equal(String(chunk), 'one\n');
      stop.abort(new Error('stopped'));
    }
  });
});

test('where the API server is has to be told', async () => {
  const code = 'invalid-argument';
  await assert.rejects(connectKube({ kubeconfig: undefined, env: {} }), { code, message: /--kubeconfig is needed/ });
  await assert.rejects(connectKube({ kubeconfig: '/nowhere/config', env: {} }), { code, message: /\/nowhere\/config/ });
});

for (const [name, answer] of Object.entries({
  'that the API server never answers': () => undefined,
  'whose answer never ends': (response: ServerResponse) => void response.write('{'),
})) {
  test(`a request ${name} ends after 15 seconds`, { timeout: 20_000 }, async (t) => {
    const heard = Promise.withResolvers<void>();
    await using connected = await Connected.to((_request, response) => {
      answer(response);
      heard.resolve();
    });
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const late = assert.rejects(connected.client.ask({ method: 'GET', path: '/x' }, forever), (error: Error) => {
      assert.match(String(error.cause), /no answer within 15s/);
      return true;
    });
    await heard.promise;
    t.mock.timers.tick(15_000);
    await late;
  });
}

test('a stream that does not begin ends after 15 seconds', { timeout: 20_000 }, async (t) => {
  const heard = Promise.withResolvers<void>();
  await using connected = await Connected.to(() => heard.resolve());
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const late = assert.rejects(connected.client.stream({ method: 'GET', path: '/x' }, forever), /GET .* failed/);
  await heard.promise;
  t.mock.timers.tick(15_000);
  await late;
});
