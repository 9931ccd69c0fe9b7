import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Announcement } from '../../src/netlink/announcement.ts';
import { MulticastGroup } from '../../src/netlink/multicast-group.ts';
import { NetlinkError } from '../../src/netlink/netlink-error.ts';
import { Subscription, type SubscriptionOptions } from '../../src/netlink/subscription.ts';
import { ipBatch, needsRoot, TestNetns } from './kernel-fixture.ts';

const { link, ipv4Address, ipv4Route, ipv6Address, ipv6Route } = MulticastGroup;
const ALL = link | ipv4Address | ipv4Route | ipv6Address | ipv6Route;

function subscriptionTest(
  name: string,
  body: (subscription: Subscription, netns: TestNetns) => Promise<void>,
  options: Partial<SubscriptionOptions> = {},
): void {
  test(name, { skip: needsRoot }, async () => {
    await using netns = await TestNetns.create();
    await netns.ip('link set lo up');
    using subscription = Subscription.openAt(netns.path, { groups: ALL, ...options });
    await body(subscription, netns);
  });
}

/** `ip route add` of so many routes, with one program. */
async function addRoutes(netns: TestNetns, count: number): Promise<void> {
  const line = (_: unknown, i: number) => `route add 10.2.${i >> 8}.${i & 255}/32 dev lo table 119 proto 30`;
  await ipBatch(netns, Array.from({ length: count }, line));
}

const print = (one: Announcement): string => {
  const gone = one.gone ? 'gone ' : '';
  if (one.kind === 'link') return `${gone}${one.link.name} ${one.link.flags & 1 ? 'up' : 'down'}`;
  if (one.kind === 'address') return `${gone}${one.address.local ?? one.address.address}/${one.address.prefixLength}`;
  const { destination, table } = one.route;
  return `${one.replaced ? 'replaced ' : gone}${destination} table ${table}`;
};

subscriptionTest('what is done is told in order, of links, addresses and routes', async (subscription, netns) => {
  assert.deepEqual(subscription.receive(100), { announcements: [], lost: false, more: false });
  const told = async (line: string): Promise<string[]> => {
    await netns.ip(line);
    return subscription.receive(100).announcements.map(print);
  };
  assert.ok((await told('link add br0 type bridge')).includes('br0 down'));
  assert.deepEqual(await told('route add 10.2.0.0/27 dev lo table 119 proto 30'), ['10,2,0,0 table 119']);
  assert.deepEqual(await told('route replace 10.2.0.0/27 dev lo table 119 proto 44'), ['replaced 10,2,0,0 table 119']);
  assert.deepEqual(await told('route flush table 119'), ['gone 10,2,0,0 table 119']);
  assert.ok((await told('address add 10.9.0.1/32 dev lo')).includes('10,9,0,1/32'));
  assert.ok((await told('address delete 10.9.0.1/32 dev lo')).includes('gone 10,9,0,1/32'));
  assert.ok((await told('-6 route add fd00::1/128 dev lo table 119')).some((line) => line.endsWith('table 119')));
  assert.ok((await told('link delete br0')).includes('gone br0 down'));
});

subscriptionTest('a link that joins or leaves a bridge is not one that is gone', async (subscription, netns) => {
  await netns.ip('link add br0 type bridge');
  await netns.ip('link add v0 type veth peer name v1');
  await netns.ip('link set v0 master br0');
  await netns.ip('link set v0 nomaster');
  assert.deepEqual(
    subscription.receive(1000).announcements.filter(({ gone }) => gone),
    [],
  );
});

subscriptionTest(
  'a look takes no more than it is told to, and says that there is more',
  async (subscription, netns) => {
    await addRoutes(netns, 20);
    const first = subscription.receive(15);
    assert.deepEqual([first.announcements.length, first.more], [15, true]);
    const second = subscription.receive(15);
    assert.deepEqual([second.announcements.length, second.more], [5, false]);
  },
);

subscriptionTest(
  'what does not fit is lost; that is told once, and what happens after it is heard',
  async (subscription, netns) => {
    await addRoutes(netns, 500);
    assert.deepEqual(subscription.receive(1000), { announcements: [], lost: true, more: false });
    assert.deepEqual(subscription.receive(1000), { announcements: [], lost: false, more: false });
    await netns.ip('route delete 10.2.0.7/32 table 119');
    assert.deepEqual(subscription.receive(1000).announcements.map(print), ['gone 10,2,0,7 table 119']);
  },
  { receiveBufferBytes: 4096 },
);

subscriptionTest(
  'a loss is told when all was read, however many looks that takes: only then does the kernel go on telling',
  async (subscription, netns) => {
    await addRoutes(netns, 500);
    const looks: { announcements: number; lost: boolean; more: boolean }[] = [];
    for (let more = true; more; ) {
      const received = subscription.receive(2);
      more = received.more;
      looks.push({ ...received, announcements: received.announcements.length });
    }
    assert.ok(looks.length > 2, `${looks.length} looks`);
    assert.deepEqual(looks.pop(), { announcements: 0, lost: true, more: false });
    assert.ok(looks.every(({ announcements, lost }) => announcements === 0 && !lost));
  },
  { receiveBufferBytes: 16384 },
);

subscriptionTest('a thousand changes fit by default', async (subscription, netns) => {
  await addRoutes(netns, 1000);
  const { announcements, lost } = subscription.receive(2000);
  assert.deepEqual([announcements.length, lost], [1000, false]);
});

subscriptionTest('a subscription that is closed says so', async (subscription) => {
  subscription[Symbol.dispose]();
  assert.throws(
    () => subscription.receive(1),
    (error) => NetlinkError.is(error, 'EBADF'),
  );
});
