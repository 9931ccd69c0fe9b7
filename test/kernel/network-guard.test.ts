import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NetworkGuard } from '../../src/coild/network-guard.ts';
import { KeyedLock } from '../../src/ipam/keyed-lock.ts';
import { IpPrefix } from '../../src/model/ip-prefix.ts';
import { NetlinkBlockExporter } from '../../src/podnet/netlink-block-exporter.ts';
import { NetlinkHostSide } from '../../src/podnet/netlink-host-side.ts';
import { NetlinkNetworkChanges } from '../../src/podnet/netlink-network-changes.ts';
import { RecordingLogger } from '../../src/process/recording-logger.ts';
import { attachmentOf } from '../contract/pod-network-fixture.ts';
import { eventually } from '../e2e/eventually.ts';
import { ipBatch, needsRoot } from './kernel-fixture.ts';
import { KernelPodNetworkFixture } from './netlink-pod-network-fixture.ts';

const BLOCK = IpPrefix.parse('10.1.0.0/27');
const BURST = 400;
/** Room for a handful of announcements. */
const TINY_BUFFER = 4096;

test('in a burst that the kernel cannot tell of, everything is compared, and what went is back within a second', {
  skip: needsRoot,
}, async () => {
  await using fixture = await KernelPodNetworkFixture.open();
  const { node, network } = fixture;
  const options = { nodeNetns: node.path, tableId: 119, protocolId: 30 };
  await using hostSide = new NetlinkHostSide(options, { isDoomed: () => false });
  await using exporter = new NetlinkBlockExporter(options);
  const attachment = attachmentOf(await fixture.addNetns());
  await network.attach(attachment, AbortSignal.timeout(20_000));
  const { containerId, ifname } = attachment;
  const records = attachment.addresses.map((address) => ({
    block: new IpPrefix(address, address.bits),
    offset: 0,
    assignment: { containerId, ifname, namespace: 'ns', pod: 'web', createdAt: '2026-01-01T00:00:00Z' },
    revision: 1,
  }));
  const logger = new RecordingLogger();
  const guard = new NetworkGuard(
    { scanIntervalMs: 600_000 },
    {
      changes: new NetlinkNetworkChanges({ ...options, receiveBufferBytes: TINY_BUFFER }),
      keeper: {
        export: async (signal) => (await exporter.sync([BLOCK], signal)).added,
        exportUntilDone: async () => assert.fail('an export failed'),
      },
      ...{ hostSide, logger, state: { records }, lock: new KeyedLock() },
      hostIfname: () => attachment.hostIfname,
      sync: { ready: async () => undefined },
      clock: () => performance.now(),
      now: () => new Date(),
    },
  );
  const stop = new AbortController();
  const running = guard.run(stop.signal);
  try {
    await eventually('the block is exported', async () => (await node.ip('route show table 119')) !== '');
    const comparisons = () => logger.messages.filter((message) => message.startsWith('comparing all')).length;
    const before = await fixture.print();
    assert.equal(comparisons(), 1);
    const noise = Array.from({ length: BURST }, (_, i) => `10.9.${i >> 8}.${i & 255}/32 dev lo table 77`);
    await ipBatch(node, [
      ...noise.map((route) => `route add ${route}`),
      `route delete ${BLOCK} table 119`,
      `route delete 10.1.0.1 dev ${attachment.hostIfname}`,
      ...noise.map((route) => `route delete ${route}`),
    ]);
    await eventually('all is as before', async () => (await fixture.print()) === before, 1000);
    assert.ok(comparisons() > 1, 'the burst did fit');
  } finally {
    stop.abort();
    await running;
  }
});
