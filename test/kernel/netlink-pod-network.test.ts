import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CoilError } from '../../src/model/error.ts';
import { IpAddress } from '../../src/model/ip-address.ts';
import { NetlinkError } from '../../src/netlink/netlink-error.ts';
import type { Attachment } from '../../src/podnet/pod-network.ts';
import { command, needsRoot } from './kernel-fixture.ts';
import { announcements } from './netlink-monitor.ts';
import { KernelPodNetworkFixture } from './netlink-pod-network-fixture.ts';
import { UdpProcess } from './udp-process.ts';

const soon = (): AbortSignal => AbortSignal.timeout(20_000);

function kernelTest(name: string, body: (fixture: KernelPodNetworkFixture) => Promise<void>): void {
  test(name, { skip: needsRoot }, async () => {
    await using fixture = await KernelPodNetworkFixture.open();
    await body(fixture);
  });
}

function attachmentOf(netns: string, changes: Partial<Attachment> = {}): Attachment {
  return {
    containerId: 'c1',
    netns,
    ifname: 'eth0',
    hostIfname: 'veth0123456789a',
    addresses: [IpAddress.parse('10.1.0.1'), IpAddress.parse('fd00:1::1')],
    ...changes,
  };
}

kernelTest('the first packet to a Pod is answered, in both families, as soon as attach returns', async (fixture) => {
  await fixture.node.ip('address add 10.0.0.1/32 dev lo');
  await fixture.node.ip('address add fd00::1/128 dev lo');
  await using probe = await UdpProcess.start(fixture.node, 'probe');
  for (let i = 1; i <= 6; i++) {
    const netns = await fixture.addNetns();
    await using _echo = await UdpProcess.start(fixture.pod(netns), 'echo');
    const addresses = [`10.1.0.${i}`, `fd00:1::${i}`];
    const first = addresses.splice(i % 2, 1).concat(addresses);
    const attachment = attachmentOf(netns, {
      containerId: `c${i}`,
      hostIfname: `veth-${i}`,
      addresses: first.map((address) => IpAddress.parse(address)),
    });
    await fixture.network.attach(attachment, soon());
    for (const address of first) assert.equal(await probe.ask(address), `${address} answered`);
  }
});

kernelTest("a Pod's own first packet reaches the node, in both families", async (fixture) => {
  await fixture.node.ip('address add 10.0.0.1/32 dev lo');
  await fixture.node.ip('address add fd00::1/128 dev lo');
  await using _echo = await UdpProcess.start(fixture.node, 'echo');
  for (const address of ['10.0.0.1', 'fd00::1']) {
    const netns = await fixture.addNetns();
    await using probe = await UdpProcess.start(fixture.pod(netns), 'probe');
    await fixture.network.attach(attachmentOf(netns), soon());
    assert.equal(await probe.ask(address), `${address} answered`);
  }
});

kernelTest("the layout is v1's", async (fixture) => {
  const attachment = attachmentOf(await fixture.addNetns(), { addresses: [IpAddress.parse('10.1.0.1')] });
  await fixture.network.attach(attachment, soon());
  const pod = fixture.pod(attachment.netns);
  const lines = (text: string): string[] => text.trim().split(/\s*\n/);
  assert.deepEqual(lines(await fixture.node.ip('route show')), ['10.1.0.1 dev veth0123456789a scope link']);
  assert.deepEqual(lines(await pod.ip('route show')), [
    'default via 169.254.1.1 dev eth0',
    '169.254.1.1 dev eth0 scope link',
  ]);
  assert.match(await fixture.node.ip('address show dev veth0123456789a'), /inet 169\.254\.1\.1\/32 scope link/);
  assert.match(await pod.ip('address show dev eth0'), /inet 10\.1\.0\.1\/32 scope global/);
  assert.match(await pod.ip('link show dev lo'), /<LOOPBACK>/, 'the loopback interface is left to the runtime');
});

kernelTest('a pair has no more queues than it uses', async (fixture) => {
  const attachment = attachmentOf(await fixture.addNetns());
  await fixture.network.attach(attachment, soon());
  for (const [side, name] of [
    [fixture.node, attachment.hostIfname],
    [fixture.pod(attachment.netns), attachment.ifname],
  ] as const) {
    assert.match(await side.ip(`-d link show dev ${name}`), / numtxqueues 1 numrxqueues 1 /);
  }
});

kernelTest('attach, repeated, makes the kernel announce nothing', async (fixture) => {
  const attachment = attachmentOf(await fixture.addNetns());
  await fixture.network.attach(attachment, soon());
  const again = async (): Promise<void> => {
    await fixture.network.attach(attachment, soon());
    await fixture.network.check(attachment, soon());
  };
  assert.deepEqual(await announcements(fixture.node, again), []);
  // a link-local address of the Pod's own may become valid meanwhile
  const inPod = await announcements(fixture.pod(attachment.netns), again);
  assert.deepEqual(
    inPod.filter((line) => !/fe80::(\/64|[0-9a-f]{2,})/.test(line)),
    [],
  );
});

const STEPS: readonly (readonly ['node' | 'pod', string])[] = [
  ['node', 'link add veth0123456789a type veth peer name eth0 netns POD'],
  ['node', 'link set veth0123456789a alias c1/eth0'],
  ['node', 'link set veth0123456789a up'],
  ['node', 'address add 169.254.1.1/32 dev veth0123456789a scope link'],
  ['node', 'route add 10.1.0.1/32 dev veth0123456789a scope link'],
  ['pod', 'link set eth0 up'],
  ['pod', 'address add 10.1.0.1/32 dev eth0'],
  ['pod', 'route add 169.254.1.1/32 dev eth0 scope link'],
  ['pod', 'route add default via 169.254.1.1'],
];

for (let killedAfter = 1; killedAfter <= STEPS.length; killedAfter++) {
  kernelTest(`attach and detach go on from an attach that was killed after step ${killedAfter}`, async (fixture) => {
    const attachment = attachmentOf(await fixture.addNetns());
    const pod = fixture.pod(attachment.netns);
    for (const end of ['attach', 'detach'] as const) {
      for (const [side, step] of STEPS.slice(0, killedAfter)) {
        await (side === 'node' ? fixture.node : pod).ip(step.replace('POD', pod.name));
      }
      if (end === 'attach') {
        const before = await fixture.linkIndex(attachment.hostIfname);
        await fixture.network.attach(attachment, soon());
        await fixture.network.check(attachment, soon());
        assert.equal(await fixture.linkIndex(attachment.hostIfname), before, 'the link was made anew');
      }
      await fixture.network.detach(attachment, soon());
      await fixture.network.settled();
      assert.deepEqual(await fixture.hostLinks(), []);
    }
    assert.deepEqual(fixture.logger.records, []);
  });
}

const DAMAGES: readonly (readonly ['node' | 'pod', string, RegExp])[] = [
  ['node', 'link set veth0123456789a down', /veth0123456789a on the node: the link is down/],
  ['node', 'address delete 169.254.1.1/32 dev veth0123456789a', /address 169\.254\.1\.1 is missing/],
  ['node', '-6 address delete fe80::1/128 dev veth0123456789a', /address fe80::1 is missing/],
  ['node', 'route delete 10.1.0.1/32', /route 10\.1\.0\.1 is missing/],
  ['pod', 'link set eth0 down', /eth0 in .*: the link is down/],
  ['pod', 'address delete 10.1.0.1/32 dev eth0', /address 10\.1\.0\.1 is missing/],
  ['pod', '-6 address delete fd00:1::1/128 dev eth0', /address fd00:1::1 is missing/],
  ['pod', 'route delete default', /route default via 169\.254\.1\.1 is missing/],
  ['pod', '-6 route delete default', /route default via fe80::1 is missing/],
  ['pod', 'link delete eth0', /veth0123456789a: the link is missing/],
  ['pod', 'link set eth0 name eth9 down', /eth0: the link is missing/],
];

kernelTest('check names what is not as it should be, and attach puts it right', async (fixture) => {
  const attachment = attachmentOf(await fixture.addNetns());
  await fixture.network.attach(attachment, soon());
  for (const [side, damage, message] of DAMAGES) {
    await (side === 'node' ? fixture.node : fixture.pod(attachment.netns)).ip(damage);
    await assert.rejects(
      fixture.network.check(attachment, soon()),
      (error) => CoilError.is(error, 'check-failed') && message.test(error.message),
      damage,
    );
    await fixture.network.attach(attachment, soon());
    await fixture.network.check(attachment, soon());
  }
});

kernelTest('IPv6 is switched on for the two links where it is off', async (fixture) => {
  const attachment = attachmentOf(await fixture.addNetns());
  for (const netns of [fixture.node, fixture.pod(attachment.netns)]) {
    const setting = 'net.ipv6.conf.default.disable_ipv6=1';
    await command('nsenter', `--net=${netns.path}`, 'sysctl', '-qw', setting);
  }
  await fixture.network.attach(attachment, soon());
  await fixture.network.check(attachment, soon());
});

kernelTest('an attach that fails leaves nothing behind', async (fixture) => {
  const attachment = attachmentOf(await fixture.addNetns());
  const pod = fixture.pod(attachment.netns);
  // another network's default route in the Pod: ours cannot be made beside it
  for (const step of ['link set lo up', 'link add br0 type bridge', 'link set br0 up', 'route add default dev br0']) {
    await pod.ip(step);
  }
  const before = await fixture.print();
  await assert.rejects(fixture.network.attach(attachment, soon()), (error) => {
    assert.ok(CoilError.is(error, 'network'), String(error));
    assert.ok(NetlinkError.is(error.cause, 'EEXIST'));
    assert.match(error.message, /cannot attach container c1: ip route add default via 169\.254\.1\.1/);
    return true;
  });
  assert.equal(await fixture.print(), before);
});

kernelTest('an attach that is aborted, wherever it is, is whole or leaves nothing', async (fixture) => {
  const attachment = attachmentOf(await fixture.addNetns());
  const reason = new Error('enough');
  let rejected = 0;
  let attached = 0;
  // each round aborts a turn of the event loop later, until the attach is faster
  for (let turns = 1; attached < 3; turns++) {
    const abort = new AbortController();
    const attaching = fixture.network.attach(attachment, abort.signal);
    const outcome = attaching.then(
      () => 'attached',
      (error: unknown) => assert.equal(error, reason),
    );
    for (let i = 0; i < turns; i++) await new Promise(setImmediate);
    abort.abort(reason);
    if ((await outcome) === 'attached') {
      attached++;
      await fixture.network.check(attachment, soon());
      await fixture.network.detach(attachment, soon());
      await fixture.network.settled();
    } else {
      rejected++;
    }
    assert.deepEqual([await fixture.hostLinks(), await fixture.routes()], [[], []]);
    turns += turns >> 2;
  }
  assert.ok(rejected > 0);
});

kernelTest('what is not the namespace of a Pod is refused', async (fixture) => {
  for (const path of [fixture.node.path, '/proc/self/ns/uts', import.meta.filename, '/']) {
    const attachment = attachmentOf(path);
    await assert.rejects(fixture.network.attach(attachment, soon()), (error) => {
      assert.ok(CoilError.is(error, 'netns-not-found'), String(error));
      assert.ok(error.message.includes(path));
      return true;
    });
  }
  assert.deepEqual(await fixture.hostLinks(), []);
});

kernelTest('a long container ID is known again', async (fixture) => {
  const attachment = attachmentOf(await fixture.addNetns(), { containerId: 'c'.repeat(300) });
  const links = await fixture.network.attach(attachment, soon());
  assert.deepEqual(await fixture.network.attach(attachment, soon()), links);
  await fixture.network.detach({ ...attachment, containerId: 'c'.repeat(301) }, soon());
  await fixture.network.check(attachment, soon());
});

kernelTest('links whose indices match by chance are not taken for a pair', async (fixture) => {
  const attachment = attachmentOf(await fixture.addNetns());
  await fixture.addPair(attachment, undefined);
  const [third, other] = [await fixture.addNetns(), await fixture.addNetns()];
  // an eth0 of the same index as the Pod's, whose peer in a third namespace has the index of the Pod's peer
  const index = await fixture.linkIndex(attachment.hostIfname);
  const make = `link add peer0 index ${index} type veth peer name eth0 netns ${fixture.pod(other).name}`;
  await fixture.pod(third).ip(make);
  const before = await fixture.print();
  await fixture.network.detach({ ...attachment, netns: other }, soon());
  await fixture.network.settled();
  assert.equal(await fixture.print(), before);
});

for (const [what, route] of Object.entries({
  'leads elsewhere': 'via 192.0.2.2',
  'leads to a link that is no Pod’s': 'dev ct-other',
  'leads to a Pod of another plugin': 'dev cali0123456789a',
  refuses: '',
})) {
  kernelTest(
    `somebody else's route to an address stays where it ${what}, and the address is not used`,
    async (fixture) => {
      await fixture.node.ip('link add cali0123456789a up type veth peer name ct-other');
      await fixture.node.ip('link set ct-other up');
      await fixture.node.ip('address add 192.0.2.1/24 dev ct-other');
      await fixture.node.ip(route === '' ? 'route add blackhole 10.1.0.1' : `route add 10.1.0.1 ${route}`);
      const routes = await fixture.node.ip('route show');
      const attachment = attachmentOf(await fixture.addNetns());
      const fails = {
        name: 'CoilError',
        code: 'address-live',
        message: /10\.1\.0\.1 is in use: .*not of Coil's making/,
      };
      await assert.rejects(fixture.network.attach(attachment, soon()), fails);
      assert.equal(await fixture.node.ip('route show'), routes);
      // nor by the repetition of an attach that was killed
      await fixture.addPair({ ...attachment, addresses: [] }, 'c1/eth0');
      await assert.rejects(fixture.network.attach(attachment, soon()), fails);
      assert.equal(await fixture.node.ip('route show'), routes);
    },
  );
}
