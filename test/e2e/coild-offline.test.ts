import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { asProcess } from '../contract/cni-client.ts';
import { EtcdFixture } from '../etcd/etcd-fixture.ts';
import { EtcdServer } from '../etcd/etcd-server.ts';
import { TcpProxy } from '../etcd/tcp-proxy.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { statusOf } from './ask-coild.ts';
import { eventually } from './eventually.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { Relay } from './relay.ts';
import { addressesOf, type CniResult, type Sandbox } from './sandbox.ts';
import { Scene } from './scene.ts';

interface Parts {
  readonly server: EtcdServer;
  readonly proxy: TcpProxy;
}

/** How a datastore is lost, and comes back. */
const OUTAGES: Readonly<Record<string, { lose(parts: Parts): unknown; restore(parts: Parts): unknown }>> = {
  'stopped by SIGSTOP': {
    lose: ({ server }) => server.member.freeze(),
    restore: ({ server }) => server.member.thaw(),
  },
  'behind a link that is silent': {
    lose: ({ proxy }) => proxy.silence(),
    restore: ({ proxy }) => {
      proxy.silence({ requests: false, answers: false });
      proxy.cut();
    },
  },
  'behind a link that is cut': {
    lose: ({ proxy }) => proxy.refuse(),
    restore: ({ proxy }) => proxy.accept(),
  },
  'killed, and started again': {
    lose: ({ server }) => server.member.kill(),
    restore: ({ server }) => server.member.start(),
  },
};

/** STATUS comes without the variables of a container. */
const NODE_ONLY = { CNI_CONTAINERID: undefined, CNI_NETNS: undefined, CNI_IFNAME: undefined, CNI_ARGS: undefined };

/** A Pod that was attached, and what it was told. */
interface Attached {
  readonly sandbox: Sandbox;
  readonly result: CniResult;
}

describe('etcd is lost while Pods start and stop', { skip: needsRoot, concurrency: 4 }, () => {
  for (const [name, outage] of Object.entries(OUTAGES)) {
    test(`${name}: ADD, DEL, CHECK and STATUS go on, through a kill -9 of coild, and nothing differs in the end`, {
      timeout: 120_000,
    }, async () => {
      await using parts = await OfflineScene.start();
      const { node, scene } = parts;
      const attached: Attached[] = [];
      const attach = async (count: number) => {
        const sandboxes = await Promise.all(Array.from({ length: count }, () => scene.sandbox()));
        const results = await Promise.all(sandboxes.map((sandbox) => sandbox.add()));
        attached.push(...sandboxes.map((sandbox, i) => ({ sandbox, result: results[i]! })));
      };
      const detach = async (index: number) => {
        const [gone] = attached.splice(index, 1);
        await gone!.sandbox.del();
      };
      await attach(3);
      await outage.lose(parts);
      await attach(4);
      await detach(0);
      await detach(3);
      const status = await statusOf(node);
      assert.equal(status.datastore.state, 'offline');
      assert.ok(status.datastore['pending-writes'] >= 4);
      assert.match(status.datastore.reason, /etcd at http/);
      node.coild.signal('SIGKILL');
      await node.coild.ended();
      await node.startCoild('--http=');
      for (const { sandbox, result } of attached) {
        assert.deepEqual(await sandbox.add(), result, 'a repeated ADD');
        await sandbox.succeed('CHECK', { netconf: { prevResult: result } });
      }
      await attached[0]!.sandbox.succeed('STATUS', { env: NODE_ONLY });
      await attach(2);
      await detach(1);
      await outage.restore(parts);
      await parts.agrees(attached);
      await attach(1);
      await detach(0);
      await parts.agrees(attached);
    });
  }

  test('--offline=deny: an ADD fails with code 11, changes nothing, and no journal is made', async () => {
    await using parts = await OfflineScene.start('--offline=deny');
    const { node, scene, proxy } = parts;
    const sandbox = await scene.sandbox();
    await sandbox.add();
    const other = await scene.sandbox();
    const before = await node.dump();
    await proxy.refuse();
    const { code } = await other.fail('ADD');
    assert.equal(code, 11);
    assert.equal((await other.fail('STATUS', { env: NODE_ONLY })).code, 50);
    await proxy.accept();
    assert.deepEqual(await node.dump(), before);
    assert.equal('datastore' in (await statusOf(node)), false);
    assert.throws(() => new DatabaseSync(node.journal, { readOnly: true }));
  });
});

class OfflineScene implements AsyncDisposable {
  readonly server: EtcdServer;
  readonly proxy: TcpProxy;
  readonly node: NodeUnderTest;
  readonly scene: Scene;
  readonly #stack: AsyncDisposableStack;

  private constructor(parts: Pick<OfflineScene, 'server' | 'proxy' | 'node' | 'scene'>, stack: AsyncDisposableStack) {
    this.server = parts.server;
    this.proxy = parts.proxy;
    this.node = parts.node;
    this.scene = parts.scene;
    this.#stack = stack;
  }

  /** A node whose way to etcd leads through a proxy; the test's own does not. */
  static async start(...flags: readonly string[]): Promise<OfflineScene> {
    await using stack = new AsyncDisposableStack();
    const server = stack.use(await EtcdServer.start());
    const proxy = stack.use(await TcpProxy.to(server));
    const fixture = stack.use(new EtcdFixture(server));
    const store = await fixture.open();
    const node = await NodeUnderTest.create(async ({ netns }) => {
      // the loopback interface of the node is another one than etcd's
      const listen = { netns, port: proxy.port };
      const relay = await Relay.listen({ listen, target: { host: '127.0.0.1', port: proxy.port } });
      return {
        flags: [`--etcd-endpoints=${proxy.url}`, `--etcd-prefix=${fixture.prefix}`, ...flags],
        ...{ store, interrupt: () => undefined, restore: () => undefined },
        [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
      };
    });
    stack.use(node);
    await node.startCoild('--http=');
    const scene = stack.use(new Scene(node, asProcess(node.dist.coil)));
    return new OfflineScene({ server, proxy, node, scene }, stack.move());
  }

  /** Waits until the datastore is reached; then it, coild, the journal and the kernel have these Pods, and no other. */
  async agrees(attached: readonly Attached[]): Promise<void> {
    const { node } = this;
    await eventually(
      'nothing waits for the datastore',
      async () => {
        const { datastore } = await statusOf(node);
        return datastore.state === 'online' && datastore['pending-writes'] === 0;
      },
      30_000,
    );
    const expected = attached.map(({ sandbox, result }) => `${addressesOf(result)} ${sandbox.containerId}`).sort();
    assert.deepEqual(await this.#recorded(), expected);
    const { pods, datastore } = await statusOf(node);
    assert.deepEqual(
      Object.entries(pods)
        .map(([container, address]) => `${address} ${container}`)
        .sort(),
      expected,
    );
    assert.deepEqual(datastore['lost-addresses'], []);
    const containers = attached.map(({ sandbox }) => sandbox.containerId).sort();
    await eventually('the journal has them', async () => String(this.#journaled()) === String(containers));
    const routed = async () => {
      const routes = JSON.parse(await node.netns.ip('-4 -json route show')) as { dst: string; dev: string }[];
      return routes.filter(({ dev }) => dev.startsWith('veth')).map(({ dst }) => dst);
    };
    const addresses = attached.map(({ result }) => String(addressesOf(result))).sort();
    await eventually('the kernel has them', async () => String((await routed()).sort()) === String(addresses));
    for (const { sandbox, result } of attached) await sandbox.succeed('CHECK', { netconf: { prevResult: result } });
  }

  async #recorded(): Promise<readonly string[]> {
    const { store } = this.node.datastore;
    const signal = AbortSignal.timeout(10_000);
    const found: string[] = [];
    for (const { block } of await store.listNodeBlocks('node1', signal)) {
      for (const { offset, assignment } of await store.listAddresses(block, signal))
        found.push(`${block.nth(offset)} ${assignment.containerId}`);
    }
    return found.sort();
  }

  #journaled(): readonly string[] {
    using database = new DatabaseSync(this.node.journal, { readOnly: true });
    const rows = database.prepare('SELECT assignment, revision FROM address').all();
    const found = rows.map(({ assignment, revision }) => {
      const { containerId } = JSON.parse(String(assignment)) as { containerId: string };
      return `${Number.isInteger(revision) ? '' : 'pending '}${containerId}`;
    });
    return found.sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.member.thaw();
    await this.#stack.disposeAsync();
  }
}
