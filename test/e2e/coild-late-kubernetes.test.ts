import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { asProcess } from '../contract/cni-client.ts';
import { EtcdFixture } from '../etcd/etcd-fixture.ts';
import { EtcdServer } from '../etcd/etcd-server.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { eventually } from './eventually.ts';
import { makeRequests } from './http-errand.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { Relay } from './relay.ts';
import { addressesOf } from './sandbox.ts';
import { Scene } from './scene.ts';

test('coild serves while the API server does not tell where etcd is, and stops when told to', {
  skip: needsRoot,
  timeout: 120_000,
}, async () => {
  await using server = await EtcdServer.start();
  await using fixture = new EtcdFixture(server);
  await using api = await EndpointsServer.start(server);
  const store = await fixture.open();
  await using node = await NodeUnderTest.create(async ({ netns, folder }) => {
    await using stack = new AsyncDisposableStack();
    // the node's loopback interface is another one
    for (const { host, port } of [server, api])
      stack.use(await Relay.listen({ listen: { netns, port }, target: { host, port } }));
    await writeFile(join(folder, 'kubeconfig'), JSON.stringify(api.kubeconfig));
    const opened = stack.move();
    return {
      flags: ['--etcd-endpoints=@etcd', `--etcd-prefix=${fixture.prefix}`],
      ...{ store, interrupt: () => undefined, restore: () => undefined },
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    };
  });
  await using scene = new Scene(node, asProcess(node.dist.coil));
  const start = async () => {
    const coild = node.spawnCoild(['--http='], {
      COIL_NODE_NAME: 'node1',
      KUBECONFIG: join(node.folder, 'kubeconfig'),
    });
    await coild.logged('coild is listening');
    return coild;
  };
  const ask = async (path: string) => {
    const [answer] = await makeRequests(node.netns.path, { to: { socketPath: node.socket }, requests: [{ path }] });
    return answer!;
  };

  const first = await start();
  await first.logged('Kubernetes does not tell where etcd is; asking again');
  assert.equal((await ask('/healthz')).status, 200);
  const { status, body } = await ask('/readyz');
  assert.equal(status, 503);
  assert.match(body, /cannot read this node's state/);
  assert.equal(await first.stop(), 0);

  const second = await start();
  api.tells = true;
  await eventually('it is ready', async () => (await ask('/readyz')).status === 200, 20_000);
  const before = await scene.sandbox();
  const given = addressesOf(await before.add());
  second.signal('SIGKILL');
  await second.ended();

  api.tells = false;
  const third = await start();
  assert.deepEqual(addressesOf(await before.add()), given, 'a repeated ADD, by the journal');
  await (await scene.sandbox()).add();
  await before.del();
  assert.match((await ask('/status')).body, /"state":"offline"/);
  assert.equal((await ask('/readyz')).status, 200);
  api.tells = true;
  await eventually(
    'it is told',
    async () => /"state":"online".*"pending-writes":0/.test((await ask('/status')).body),
    30_000,
  );
  const [owned] = await store.listNodeBlocks('node1', AbortSignal.timeout(10_000));
  assert.equal((await store.listAddresses(owned!.block, AbortSignal.timeout(10_000))).length, 1);
  assert.equal(await third.stop(), 0);
});

/** An API server that knows where etcd is, and tells it or does not. A real one takes no Endpoints on loopback. */
class EndpointsServer implements AsyncDisposable {
  readonly host = '127.0.0.1';
  tells = false;
  readonly #server;

  private constructor(etcd: { readonly host: string; readonly port: number }) {
    const subsets = [{ addresses: [{ ip: etcd.host }], ports: [{ port: etcd.port }] }];
    this.#server = createServer((request, response) => {
      const isKnown = request.url === '/api/v1/namespaces/kube-system/endpoints/etcd';
      response.writeHead(this.tells && isKnown ? 200 : 503, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(this.tells ? { subsets } : {}));
    });
  }

  static async start(etcd: { readonly host: string; readonly port: number }): Promise<EndpointsServer> {
    const started = new EndpointsServer(etcd);
    started.#server.listen(0, started.host);
    await once(started.#server, 'listening');
    return started;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get kubeconfig(): object {
    return {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'test' },
      clusters: [{ name: 'test', cluster: { server: `http://${this.host}:${this.port}` } }],
      users: [{ name: 'test', user: {} }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}
