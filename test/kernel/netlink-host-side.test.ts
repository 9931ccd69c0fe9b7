import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IpAddress } from '../../src/model/ip-address.ts';
import type { HostAttachment } from '../../src/podnet/host-side.ts';
import { NetlinkHostSide } from '../../src/podnet/netlink-host-side.ts';
import type { Attachment } from '../../src/podnet/pod-network.ts';
import { eventually } from '../e2e/eventually.ts';
import { command, needsRoot } from './kernel-fixture.ts';
import { announcements } from './netlink-monitor.ts';
import { KernelPodNetworkFixture } from './netlink-pod-network-fixture.ts';
import { UdpProcess } from './udp-process.ts';

const soon = (): AbortSignal => AbortSignal.timeout(20_000);
const LINK = 'veth0123456789a';
const HOST: HostAttachment = {
  containerId: 'c1',
  ifname: 'eth0',
  hostIfname: LINK,
  addresses: [IpAddress.parse('10.1.0.1'), IpAddress.parse('fd00:1::1')],
  acceptsUnmarked: false,
};
const IPV4_ONLY: HostAttachment = { ...HOST, addresses: [IpAddress.parse('10.1.0.1')] };

interface Parts {
  readonly fixture: KernelPodNetworkFixture;
  readonly side: NetlinkHostSide;
  readonly attachment: Attachment;
}

/** A node with a Pod of both families. */
function sideTest(name: string, body: (parts: Parts) => Promise<void>): void {
  test(name, { skip: needsRoot }, async () => {
    await using fixture = await KernelPodNetworkFixture.open();
    const isDoomed = (link: string) => fixture.network.isDoomed(link);
    await using side = new NetlinkHostSide({ nodeNetns: fixture.node.path }, { isDoomed });
    const attachment = { ...HOST, netns: await fixture.addNetns() };
    await fixture.network.attach(attachment, soon());
    await body({ fixture, side, attachment });
  });
}

const always = () => true;
const mended = async (side: NetlinkHostSide, host = HOST): Promise<string[]> =>
  (await side.mend(host, always, soon())).map(({ what, outcome }) => `${what}: ${outcome}`).sort();

/** Each takes away what it may, and more goes with it. */
const DAMAGE: Readonly<Record<string, readonly string[]>> = {
  'the IPv4 route': [`route delete 10.1.0.1 dev ${LINK}`],
  'the IPv6 route': [`-6 route delete fd00:1::1 dev ${LINK}`],
  'the IPv4 gateway, with which the route goes': [`address delete 169.254.1.1/32 dev ${LINK}`],
  'the IPv6 gateway': [`address delete fe80::1/128 dev ${LINK}`],
  'all addresses and routes': [`address flush dev ${LINK}`, `route flush dev ${LINK}`, `-6 route flush dev ${LINK}`],
  'the link, set down': [`link set ${LINK} down`],
  'a route of another scope on the link itself': [`route replace 10.1.0.1 dev ${LINK} scope global`],
};

for (const [what, lines] of Object.entries(DAMAGE)) {
  sideTest(`what somebody took away is mended: ${what}`, async ({ fixture, side, attachment }) => {
    await fixture.node.ip('address add 10.0.0.1/32 dev lo');
    await fixture.node.ip('address add fd00::1/128 dev lo');
    await using _echo = await UdpProcess.start(fixture.pod(attachment.netns), 'echo');
    await using probe = await UdpProcess.start(fixture.node, 'probe');
    assert.equal(await side.look(HOST, soon()), 'right');
    for (const line of lines) await fixture.node.ip(line);
    assert.equal(await side.look(HOST, soon()), 'damaged');
    assert.notDeepEqual(await mended(side), []);
    assert.equal(await side.look(HOST, soon()), 'right');
    await fixture.network.check(attachment, soon());
    for (const address of attachment.addresses) {
      // the kernel takes note of a carrier that came back within a second (linkwatch)
      const answers = async () => (await probe.ask(address.toString())) === `${address} answered`;
      await eventually(`${address} answers`, answers, 3000);
    }
  });
}

sideTest('IPv6 that somebody switched off is switched on again', async ({ fixture, side, attachment }) => {
  const off = ['sysctl', '--quiet', '--write', `net.ipv6.conf.${LINK}.disable_ipv6=1`];
  await command('nsenter', `--net=${fixture.node.path}`, ...off);
  assert.deepEqual(await mended(side), ['address fe80::1 is missing: mended', 'route fd00:1::1 is missing: mended']);
  await fixture.network.check(attachment, soon());
});

sideTest('what is right is left alone: the kernel announces nothing', async ({ fixture, side }) => {
  const nothing = await announcements(fixture.node, async () => {
    assert.deepEqual(await mended(side), []);
  });
  assert.deepEqual(nothing, []);
});

sideTest("somebody else's route to the Pod is left alone, and told of", async ({ fixture, side }) => {
  await fixture.node.ip('link add br0 type bridge');
  await fixture.node.ip('link set br0 up');
  await fixture.node.ip('route replace 10.1.0.1 dev br0 scope link');
  await fixture.node.ip(`-6 route delete fd00:1::1 dev ${LINK}`);
  await fixture.node.ip('-6 route add fd00:1::1 dev br0');
  const before = await fixture.print();
  const left = ['route 10.1.0.1 is missing: left-alone', 'route fd00:1::1 is missing: left-alone'];
  assert.deepEqual(await mended(side), left);
  assert.equal(await fixture.print(), before);
});

sideTest("another container's link, and one that is no veth, are left alone", async ({ fixture, side, attachment }) => {
  await fixture.node.ip(`route delete 10.1.0.1 dev ${LINK}`);
  const before = await fixture.print();
  const another = { ...HOST, containerId: 'c2' };
  assert.equal(await side.look(another, soon()), 'foreign');
  assert.deepEqual(await mended(side, another), []);
  assert.equal(await fixture.print(), before);
  await fixture.network.detach(attachment, soon());
  await fixture.network.settled();
  assert.equal(await side.look(HOST, soon()), 'gone');
  await fixture.node.ip(`link add ${LINK} type bridge`);
  await fixture.node.ip(`link set ${LINK} alias c1/eth0`);
  assert.equal(await side.look(HOST, soon()), 'foreign');
});

sideTest('a link that is to be deleted gets nothing back', async ({ fixture, side, attachment }) => {
  await using doomed = new NetlinkHostSide({ nodeNetns: fixture.node.path }, { isDoomed: (link) => link === LINK });
  await fixture.node.ip(`route delete 10.1.0.1 dev ${LINK}`);
  assert.equal(await doomed.look(HOST, soon()), 'foreign');
  assert.deepEqual(await mended(doomed), []);
  assert.equal(await side.look(HOST, soon()), 'damaged');
  await fixture.network.detach(attachment, soon());
  assert.ok(fixture.network.isDoomed(LINK));
  await fixture.network.settled();
  assert.ok(!fixture.network.isDoomed(LINK));
  assert.equal(await side.look(HOST, soon()), 'gone');
});

sideTest('what is not wanted any more at the last moment is not put back', async ({ fixture, side }) => {
  await fixture.node.ip(`route delete 10.1.0.1 dev ${LINK}`);
  assert.deepEqual(await side.mend(HOST, () => false, soon()), []);
  assert.equal(await side.look(HOST, soon()), 'damaged');
});

sideTest(
  "v1's link has no mark: its gateway or its route tells, where it may",
  async ({ fixture, side, attachment }) => {
    await fixture.network.detach(attachment, soon());
    await fixture.network.settled();
    await fixture.addPair({ ...attachment, ...IPV4_ONLY }, undefined);
    await fixture.node.ip(`route delete 10.1.0.1 dev ${LINK}`);
    const unmarked = { ...IPV4_ONLY, acceptsUnmarked: true };
    assert.equal(await side.look(IPV4_ONLY, soon()), 'foreign');
    assert.equal(await side.look(unmarked, soon()), 'damaged');
    assert.deepEqual(await mended(side, unmarked), ['route 10.1.0.1 is missing: mended']);
    assert.doesNotMatch(await fixture.node.ip(`link show ${LINK}`), /alias/);
    // a Pod's link of another plugin that names them alike
    await fixture.node.ip(`address flush dev ${LINK}`);
    await fixture.node.ip('route flush table main');
    assert.equal(await side.look(unmarked, soon()), 'foreign');
  },
);

sideTest('of a link that somebody deleted nothing can be mended', async ({ fixture, side }) => {
  await fixture.node.ip(`link delete ${LINK}`);
  assert.equal(await side.look(HOST, soon()), 'gone');
  assert.deepEqual(await mended(side), []);
});
