import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NetlinkNetworkChanges } from '../../src/podnet/netlink-network-changes.ts';
import type { NetworkChange } from '../../src/podnet/network-changes.ts';
import { attachmentOf } from '../contract/pod-network-fixture.ts';
import { ipBatch, needsRoot, type TestNetns } from './kernel-fixture.ts';
import { KernelPodNetworkFixture } from './netlink-pod-network-fixture.ts';

const soon = (): AbortSignal => AbortSignal.timeout(20_000);
const LINK = attachmentOf('').hostIfname;

/** What is told, as text: `links veth0123456789a`. */
const print = (change: NetworkChange): string => {
  if (change.kind === 'unknown') return 'unknown';
  const { exportedRoutes, destinations, links, deletedLinks } = change;
  const sets = { destinations, links, deletedLinks };
  const named = Object.entries(sets).flatMap(([name, set]) => (set.size > 0 ? [`${name} ${[...set].sort()}`] : []));
  return [...(exportedRoutes ? ['exported'] : []), ...named].join(', ');
};

interface Listening {
  readonly fixture: KernelPodNetworkFixture;
  readonly node: TestNetns;
  /** The next that is told. */
  next(): Promise<string>;
}

function changesTest(name: string, body: (listening: Listening) => Promise<void>, receiveBufferBytes?: number): void {
  test(name, { skip: needsRoot }, async () => {
    await using fixture = await KernelPodNetworkFixture.open();
    const table = { tableId: 119, protocolId: 30, nodeNetns: fixture.node.path };
    const changes = new NetlinkNetworkChanges(
      receiveBufferBytes === undefined ? table : { ...table, receiveBufferBytes },
    );
    const stop = new AbortController();
    // the looks alone do not keep a program running
    const running = setInterval(() => undefined, 1000);
    try {
      const watched = changes.watch(AbortSignal.any([stop.signal, soon()]))[Symbol.asyncIterator]();
      const next = async () => {
        const { value, done } = await watched.next();
        return done ? 'the end' : print(value);
      };
      await body({ fixture, node: fixture.node, next });
      stop.abort();
      await watched.return?.(undefined);
    } finally {
      clearInterval(running);
    }
  });
}

changesTest('it begins with what it does not know', async ({ next }) => {
  assert.equal(await next(), 'unknown');
});

changesTest('damage is told with what it touches', async ({ fixture, node, next }) => {
  await fixture.network.attach(attachmentOf(await fixture.addNetns()), soon());
  await node.ip('route add 10.2.0.0/27 dev lo table 119 proto 30');
  assert.equal(await next(), 'unknown');
  const told = async (line: string): Promise<string> => {
    await node.ip(line);
    return await next();
  };
  assert.equal(await told(`route delete 10.1.0.1 dev ${LINK}`), 'destinations 10.1.0.1');
  assert.equal(await told(`-6 route delete fd00:1::1 dev ${LINK}`), 'destinations fd00:1::1');
  assert.equal(await told(`address delete 169.254.1.1/32 dev ${LINK}`), `links ${LINK}`);
  assert.equal(await told(`address delete fe80::1/128 dev ${LINK}`), `links ${LINK}`);
  assert.equal(await told('route flush table 119'), 'exported');
  await node.ip('route add 10.2.0.0/27 dev lo table 119 proto 30');
  assert.equal(await told('route replace 10.2.0.0/27 dev lo table 119 proto 44'), 'exported');
  assert.match(await told(`link set ${LINK} down`), new RegExp(`links ${LINK}`));
  assert.equal(await told('link set lo down'), 'exported');
  assert.match(await told(`link delete ${LINK}`), new RegExp(`deletedLinks ${LINK}`));
});

changesTest(
  'what attaching does, and what only adds to what is there, is not told',
  async ({ fixture, node, next }) => {
    assert.equal(await next(), 'unknown');
    await fixture.network.attach(attachmentOf(await fixture.addNetns()), soon());
    await node.ip('route add 10.2.0.0/27 dev lo table 119 proto 30');
    await node.ip('route add 10.3.0.0/16 dev lo proto 44');
    await node.ip(`address add 10.9.9.9/32 dev ${LINK}`);
    await node.ip(`link set ${LINK} mtu 1400`);
    await node.ip('route delete 10.3.0.0/16 dev lo proto 44');
    // the next after all of that
    await node.ip('route delete 10.2.0.0/27 dev lo table 119 proto 30');
    assert.equal(await next(), 'exported');
  },
);

changesTest('a link is told by its name, also one that came later, or was renamed', async ({ node, next }) => {
  await node.ip('link add v0 type veth peer name v1');
  assert.equal(await next(), 'unknown');
  await node.ip('link set v0 name v2');
  assert.equal(await next(), 'links v2');
  await node.ip('link set v2 up');
  await node.ip('address add 169.254.1.1/32 dev v2 scope link');
  await node.ip('address delete 169.254.1.1/32 dev v2');
  assert.equal(await next(), 'links v2');
});

changesTest(
  'what came too fast is told as unknown, and what happens after it as usual',
  async ({ node, next }) => {
    assert.equal(await next(), 'unknown');
    const lines = Array.from(
      { length: 400 },
      (_, i) => `route add 10.2.${i >> 8}.${i & 255}/32 dev lo table 119 proto 30`,
    );
    await ipBatch(node, [...lines, 'route delete 10.2.0.7/32 dev lo table 119']);
    assert.equal(await next(), 'unknown');
    await node.ip('route delete 10.2.0.8/32 dev lo table 119');
    assert.equal(await next(), 'exported');
  },
  4096,
);

test('where it cannot be followed, that is an error of the network', { skip: needsRoot }, async () => {
  const changes = new NetlinkNetworkChanges({ tableId: 119, protocolId: 30, nodeNetns: '/run/netns/not-there' });
  const watched = changes.watch(soon())[Symbol.asyncIterator]();
  await assert.rejects(watched.next(), { code: 'network', message: /cannot follow the changes of the node's network/ });
});
