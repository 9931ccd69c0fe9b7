import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CoilError } from '../../src/model/error.ts';
import { IpPrefix } from '../../src/model/ip-prefix.ts';
import { NetlinkBlockExporter } from '../../src/podnet/netlink-block-exporter.ts';
import { needsRoot } from './kernel-fixture.ts';
import { KernelBlockExporterFixture } from './netlink-block-exporter-fixture.ts';
import { announcements } from './netlink-monitor.ts';

const soon = (): AbortSignal => AbortSignal.timeout(20_000);
const blocks = (...texts: string[]): IpPrefix[] => texts.map((text) => IpPrefix.parse(text));
const lines = (text: string): string[] => text.trim().split(/\s*\n/);

function kernelTest(name: string, body: (fixture: KernelBlockExporterFixture) => Promise<void>): void {
  test(name, { skip: needsRoot }, async () => {
    await using fixture = await KernelBlockExporterFixture.open();
    await body(fixture);
  });
}

kernelTest("an exported route is v1's", async ({ exporter, node }) => {
  await exporter.sync(blocks('10.2.0.0/27', 'fd00:2::/123'), soon());
  assert.deepEqual(lines(await node.ip('-details -4 route show table 119')), [
    'unicast 10.2.0.0/27 dev lo proto 30 scope global',
  ]);
  assert.deepEqual(lines(await node.ip('-details -6 route show table 119')), [
    'unicast fd00:2::/123 dev lo proto 30 scope global metric 1024 pref medium',
  ]);
});

kernelTest('a second sync makes the kernel announce nothing', async ({ exporter, node }) => {
  const desired = blocks('10.2.0.0/27', 'fd00:2::/123');
  await exporter.sync(desired, soon());
  const again = async (): Promise<void> => void (await exporter.sync(desired, soon()));
  assert.deepEqual(await announcements(node, again), []);
});

kernelTest(
  "a route of another's stands in front where it was first, and its metric does not matter",
  async (fixture) => {
    const { exporter, node } = fixture;
    await node.ip('route add 10.2.0.0/27 dev lo table 119 proto 44 scope global');
    await node.ip('-6 route add fd00:2::/123 dev lo table 119 proto 44');
    await exporter.sync(blocks('10.2.0.0/27', 'fd00:2::/123'), soon());
    assert.deepEqual(lines(await node.ip('-4 route show table 119')), [
      '10.2.0.0/27 dev lo proto 44',
      '10.2.0.0/27 dev lo proto 30',
    ]);
    assert.deepEqual(lines(await node.ip('-6 route show table 119')), [
      'fd00:2::/123 dev lo proto 44 metric 1024 pref medium',
      'fd00:2::/123 dev lo proto 30 metric 1025 pref medium',
    ]);
  },
);

kernelTest(
  'after an export that failed in part, a quick look adds what is missing only',
  async ({ exporter, node }) => {
    const desired = blocks('10.2.0.0/27', '10.2.0.32/27', 'fd00:2::/123');
    await exporter.sync(desired.slice(0, 1), soon());
    const everyMetric = Array.from(
      { length: 9 },
      (_, i) => `fd00:2::/123 dev lo table 119 proto 44 metric ${1024 + i}`,
    );
    for (const route of everyMetric) await node.ip(`-6 route add ${route}`);
    const { refused } = await exporter.sync(desired, soon(), { isGrowing: true });
    assert.match(refused.map(({ error }) => error.message).join(), /EEXIST/);
    for (const route of everyMetric) await node.ip(`-6 route delete ${route}`);
    const { added } = await exporter.sync(desired, soon(), { isGrowing: true });
    assert.deepEqual(added.map(String), ['fd00:2::/123']);
    assert.deepEqual(lines(await node.ip('-4 route show table 119')), [
      '10.2.0.0/27 dev lo proto 30',
      '10.2.0.32/27 dev lo proto 30',
    ]);
  },
);

kernelTest('a route of ours that is not as it should be is replaced', async ({ exporter, node }) => {
  await node.ip('link add br0 type bridge');
  await node.ip('link set br0 up');
  await node.ip('route add 10.2.0.0/27 dev br0 table 119 proto 30');
  await node.ip('route add blackhole 10.2.0.32/27 table 119 proto 30');
  await node.ip('-6 route add fd00:2::/123 dev br0 table 119 proto 30');
  const desired = blocks('10.2.0.0/27', '10.2.0.32/27', 'fd00:2::/123');
  const { added, removed } = await exporter.sync(desired, soon());
  assert.deepEqual([added.map(String), removed], [desired.map(String), []]);
  const routes = [
    ...lines(await node.ip('-4 route show table 119')),
    ...lines(await node.ip('-6 route show table 119')),
  ];
  assert.deepEqual(routes, [
    '10.2.0.0/27 dev lo proto 30',
    '10.2.0.32/27 dev lo proto 30',
    'fd00:2::/123 dev lo proto 30 metric 1024 pref medium',
  ]);
});

kernelTest('table and protocol can be chosen, other tables are left alone', async ({ exporter, node }) => {
  await exporter.sync(blocks('10.2.0.0/27'), soon());
  await using other = new NetlinkBlockExporter({ nodeNetns: node.path, tableId: 1190, protocolId: 31 });
  await other.sync(blocks('10.3.0.0/27'), soon());
  await exporter.sync([], soon());
  assert.deepEqual(lines(await node.ip('route show table 1190')), ['10.3.0.0/27 dev lo proto 31']);
});

kernelTest('a thousand blocks are exported and withdrawn', async ({ exporter, print }) => {
  const many = [...IpPrefix.parse('10.4.0.0/17').subdivide(27)];
  assert.equal((await exporter.sync(many, soon())).added.length, 1024);
  assert.equal((await exporter.sync(many, soon())).added.length, 0);
  assert.equal((await exporter.sync(many.slice(1), soon())).removed.length, 1);
  assert.equal((await print()).split('\n').length, 1024);
});

kernelTest('while lo is down the failure says so, and a later sync succeeds', async ({ exporter, node, print }) => {
  await node.ip('link set lo down');
  const { refused } = await exporter.sync(blocks('10.2.0.0/27'), soon());
  const [error] = refused.map((one) => one.error);
  assert.ok(CoilError.is(error, 'network'), String(error));
  assert.match(
    error.message,
    /^cannot export block 10\.2\.0\.0\/27 in table 119: ip route append 10\.2\.0\.0\/27 dev 1 table 119: .*\(ENETDOWN\)$/,
  );
  await node.ip('link set lo up');
  await exporter.sync(blocks('10.2.0.0/27'), soon());
  assert.equal(await print(), '10.2.0.0/27 own\n');
});
