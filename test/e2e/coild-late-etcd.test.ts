import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asProcess } from '../contract/cni-client.ts';
import { EtcdFixture } from '../etcd/etcd-fixture.ts';
import { EtcdServer } from '../etcd/etcd-server.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { eventually } from './eventually.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { Relay } from './relay.ts';
import { Scene } from './scene.ts';

/** STATUS comes without the variables of a container. */
const NODE_ONLY = { CNI_CONTAINERID: undefined, CNI_NETNS: undefined, CNI_IFNAME: undefined, CNI_ARGS: undefined };
const ATTEMPTS = 3;

test('coild starts before etcd, and goes on when that is there', { skip: needsRoot, timeout: 120_000 }, async () => {
  await using server = await EtcdServer.start();
  await using fixture = new EtcdFixture(server);
  const store = await fixture.open();
  await using node = await NodeUnderTest.create(async () => ({
    flags: [`--etcd-endpoints=${server.url}`, `--etcd-prefix=${fixture.prefix}`],
    store,
    interrupt: () => undefined,
    restore: () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  }));
  const coild = await node.startCoild('--http=');
  await using stack = new AsyncDisposableStack();
  await using scene = new Scene(node, asProcess(node.dist.coil));
  const sandbox = await scene.sandbox();
  const { code, text } = await sandbox.fail('STATUS', { env: NODE_ONLY });
  assert.equal(code, 50, text);
  const adding = sandbox.add();
  const attempts = () => coild.log.filter(({ message }) => message.startsWith('cannot read the state of this node'));
  await eventually('attempts are logged', async () => attempts().length >= ATTEMPTS);
  for (const { severity, error } of attempts()) {
    assert.equal(severity, 'warning');
    assert.match(JSON.stringify(error), new RegExp(`etcd at ${server.url}: .*ECONNREFUSED`));
  }

  // the node's loopback interface is another one than etcd's: nobody has listened there so far
  const listen = { netns: node.netns.path, port: server.port };
  stack.use(await Relay.listen({ listen, target: { host: server.host, port: server.port } }));
  assert.equal((await adding).ips.length, 1);
  await (await scene.sandbox()).add();
  assert.equal(await sandbox.succeed('STATUS', { env: NODE_ONLY }), undefined);
});
