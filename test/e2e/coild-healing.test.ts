import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ipBatch, needsRoot } from '../kernel/kernel-fixture.ts';
import { announcements } from '../kernel/netlink-monitor.ts';
import { createPool } from './datastores.ts';
import { eventually } from './eventually.ts';
import { type AttachedPod, HealingNode } from './healing-node.ts';
import { podLinks } from './kernel-state.ts';
import { MadeUpPods } from './made-up-pods.ts';
import { addressesOf } from './sandbox.ts';

const PODS = 10;
const MANY = 200;
/** For several looks at what the kernel announces, and several scans, in which nothing must happen. */
const QUIET_MS = 600;
const FAST_SCANS = '--scan-interval=200ms';
const STORM_MS = 2000;

const BLOCKS = 'put back routes of blocks that somebody removed';
const ROUTE = 'put back a route that somebody removed';
const ADDRESS = 'put back an address that somebody removed from the link of a Pod';
const LINK_UP = 'set the link of a Pod up that somebody set down';

describe('what somebody takes away is back within a second, and nothing else changes', {
  skip: needsRoot,
  concurrency: 1,
}, () => {
  let healing: HealingNode;
  let pod: AttachedPod;
  let link: string;
  let ipv4: string;
  let ipv6: string;
  before(async () => {
    healing = await HealingNode.start();
    pod = await healing.attach();
    link = pod.sandbox.hostLink;
    [ipv4 = '', ipv6 = ''] = addressesOf(pod.result);
    await healing.attach();
    await addForeignRoutes();
  });
  after(() => healing?.[Symbol.asyncDispose]());

  const ip = (line: string) => healing.node.netns.ip(line);

  async function addForeignRoutes(): Promise<void> {
    await ip('route add 203.0.113.0/24 dev lo table 119 proto 44');
    await ip('-6 route add fd00:77::/64 dev lo table 119 proto 44');
    await ip('route add 198.51.100.7/32 dev lo proto 44');
  }

  const damages: Readonly<Record<string, readonly [damage: () => Promise<unknown>, ...messages: string[]]>> = {
    'the route of a block': [() => ip('route delete 10.11.0.0/24 table 119 proto 30'), BLOCKS],
    'the route of an IPv6 block': [() => ip('-6 route delete fd00:11::/120 table 119 proto 30'), BLOCKS],
    'all exported routes, beside others': [() => ip('route flush table 119 proto 30'), BLOCKS],
    "a Pod's route": [() => ip(`route delete ${ipv4} dev ${link}`), ROUTE],
    "a Pod's IPv6 route": [() => ip(`-6 route delete ${ipv6} dev ${link}`), ROUTE],
    "the gateway's address, and the route with it": [
      () => ip(`address delete 169.254.1.1/32 dev ${link}`),
      ADDRESS,
      ROUTE,
    ],
    "the gateway's IPv6 address": [() => ip(`address delete fe80::1/128 dev ${link}`), ADDRESS],
    'a link, set down': [() => ip(`link set ${link} down`), LINK_UP, ADDRESS, ROUTE],
  };
  for (const [name, [damage, ...messages]] of Object.entries(damages)) {
    test(name, async () => {
      const log = await healing.healsAfter(damage, messages.length);
      assert.deepEqual(
        log.map(({ message }) => message),
        messages,
      );
      for (const { message, ...fields } of log) {
        if (message === BLOCKS) assert.ok(Array.isArray(fields.blocks) && fields.blocks.length > 0);
        else assert.deepEqual([fields.pod, fields.link], [pod.sandbox.pod, link]);
      }
      await pod.sandbox.succeed('CHECK', { netconf: { prevResult: pod.result } });
    });
  }

  test('all of table 119, of which only what is ours comes back', async () => {
    await healing.healsAfter(async () => {
      await ip('route flush table 119');
      await ip('route add 203.0.113.0/24 dev lo table 119 proto 44');
    });
  });

  test('exported routes that go with the interface they lead to, as soon as that is up again', async () => {
    await healing.healsAfter(async () => {
      await ip('link set lo down');
      await ip('link set lo up');
      await addForeignRoutes();
    });
  });

  test(`${MANY} exported routes, and ${MANY} Pods' routes, at once`, async () => {
    await createPool(healing.node.datastore.store, 'many', '10.12.0.0/24', 0);
    const many = new MadeUpPods(healing.node, { namespace: 'many', count: MANY });
    await many.record();
    await many.makeLinks();
    // links that are down are damage too: coild does the rest
    await eventually('their routes are there', async () => (await many.routes()) === MANY);
    await healing.healsAfter(() => ip('route flush table 119 proto 30'));
    const routes = many.addresses.map((address, i) => `route delete ${address} dev ${many.links[i]}`);
    await healing.healsAfter(() => ipBatch(healing.node.netns, routes));
  });
});

describe('what is as it should be is left alone', { skip: needsRoot, concurrency: 1 }, () => {
  let healing: HealingNode;
  const pods: AttachedPod[] = [];
  before(async () => {
    healing = await HealingNode.start(FAST_SCANS);
    for (let i = 0; i < PODS; i++) pods.push(await healing.attach());
    await delay(QUIET_MS);
  });
  after(() => healing?.[Symbol.asyncDispose]());

  const ip = (line: string) => healing.node.netns.ip(line);
  const warnings = () => healing.node.coild.log.filter(({ severity }) => severity !== 'info');

  test(`restarts with ${PODS} Pods, and looks at them, make the kernel announce nothing`, async () => {
    const seen = await announcements(healing.node.netns, async () => {
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        healing.node.coild.signal(signal);
        await healing.node.coild.ended();
        await healing.startCoild();
        await healing.node.coild.logged('read the state of this node');
        await delay(QUIET_MS);
        assert.deepEqual(warnings(), []);
      }
    });
    assert.deepEqual(seen, []);
  });

  test('what was taken away while coild was down is put back at its start', async () => {
    const [pod] = pods;
    await healing.healsAfter(async () => {
      await healing.node.coild.stop();
      await ip(`route delete ${addressesOf(pod!.result)[0]} dev ${pod!.sandbox.hostLink}`);
      await ip('route flush table 119 proto 30');
      await healing.startCoild();
    });
    await healing.node.coild.logged(ROUTE);
  });

  test('what a DEL takes away stays away, and a deletion by somebody else is told', async () => {
    const deleted = pods.pop()!;
    const [address] = addressesOf(deleted.result);
    const before = warnings().length;
    await deleted.sandbox.del();
    await delay(QUIET_MS);
    assert.equal(await ip(`route show ${address}`), '');
    assert.deepEqual(warnings().slice(before), []);
    const lost = pods.pop()!;
    await ip(`link delete ${lost.sandbox.hostLink}`);
    const told = await healing.node.coild.logged(
      'the link of a Pod was deleted; it has no network until its sandbox is made anew',
    );
    assert.deepEqual([told.pod, told.link], [lost.sandbox.pod, lost.sandbox.hostLink]);
    await lost.sandbox.del();
  });

  test('while Pods come and go and somebody flushes routes all the time, none is lost and none too much', async () => {
    const before = await healing.state();
    const warned = warnings().length;
    const until = performance.now() + STORM_MS;
    const kept = pods[0]!;
    const workers = Array.from({ length: 4 }, async () => {
      for (let last: AttachedPod | undefined; performance.now() < until; ) {
        last = await healing.attach();
        await last.sandbox.del();
      }
    });
    const flusher = (async () => {
      while (performance.now() < until) {
        // it fails where a route that it has seen is gone meanwhile
        await ip('route flush table main proto boot').catch(() => undefined);
        await ip('route flush table 119 proto 30').catch(() => undefined);
        await delay(30);
      }
    })();
    // all of them, also where one failed: none is to go on while the node is taken down
    const failed = (await Promise.allSettled([...workers, flusher])).filter(({ status }) => status === 'rejected');
    assert.deepEqual(failed, []);
    await eventually('the links are gone', async () => (await podLinks(healing.node.netns)).length === pods.length);
    // who fought with coild for seconds has to wait for it
    await eventually('all is as before', async () => String(await healing.state()) === String(before), 40_000);
    await kept.sandbox.succeed('CHECK', { netconf: { prevResult: kept.result } });
    assert.ok(warnings().length > warned);
    assert.equal(await healing.node.coild.stop(), 0, healing.node.coild.output);
  });
});
