import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { limitConnections } from './limit-connections.ts';

const LIMIT = 3;
const soon = () => AbortSignal.timeout(10_000);

class Scene implements AsyncDisposable {
  readonly held: ServerResponse[] = [];
  readonly #clients: Socket[] = [];
  readonly #server = createServer((request, response) => {
    if (request.url === '/held') this.held.push(response);
    else response.end('here');
  });

  static async open(): Promise<Scene> {
    const scene = new Scene();
    limitConnections(scene.#server, LIMIT);
    await once(scene.#server.listen(0, '127.0.0.1'), 'listening', { signal: soon() });
    return scene;
  }

  /** A client that has sent `text`, and has been taken. */
  async client(text: string): Promise<Socket> {
    const { port } = this.#server.address() as AddressInfo;
    const taken = once(this.#server, 'connection', { signal: soon() });
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    this.#clients.push(socket);
    socket.write(text);
    await taken;
    return socket;
  }

  /** A client whose request is under way. */
  async holding(): Promise<Socket> {
    const asked = once(this.#server, 'request', { signal: soon() });
    const socket = await this.client('GET /held HTTP/1.1\r\nHost: coild\r\n\r\n');
    await asked;
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.destroy();
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close', { signal: soon() });
  }
}

async function answerOf(socket: Socket): Promise<string> {
  const [data] = await once(socket, 'data', { signal: soon() });
  return String(data).split('\r\n')[0]!;
}

test('who says nothing, or half of it, makes room for one who asks: who has done so for longest', async () => {
  await using scene = await Scene.open();
  const silent = await scene.client('');
  const half = await scene.client('GET /healthz HTTP/1.1\r\nHost: ');
  const held = await scene.holding();
  const ended = once(silent.resume(), 'close', { signal: soon() });
  assert.equal(await answerOf(await scene.client('GET / HTTP/1.1\r\nHost: coild\r\n\r\n')), 'HTTP/1.1 200 OK');
  await ended;
  // one that was answered comes after one that never asked
  const halfEnded = once(half.resume(), 'close', { signal: soon() });
  assert.equal(await answerOf(await scene.client('GET / HTTP/1.1\r\nHost: coild\r\n\r\n')), 'HTTP/1.1 200 OK');
  await halfEnded;
  scene.held[0]!.end();
  assert.equal(await answerOf(held), 'HTTP/1.1 200 OK');
});

test('where each connection has a request under way, one more is closed', async () => {
  await using scene = await Scene.open();
  const busy = [await scene.holding(), await scene.holding(), await scene.holding()];
  const more = await scene.client('GET / HTTP/1.1\r\nHost: coild\r\n\r\n');
  await once(more.resume(), 'close', { signal: soon() });
  for (const response of scene.held) response.end();
  for (const socket of busy) assert.equal(await answerOf(socket), 'HTTP/1.1 200 OK');
});
