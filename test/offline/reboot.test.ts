import assert from 'node:assert/strict';
import { AddsUnderWay } from '../../src/cni/adds-under-way.ts';
import { BootReclaim } from '../../src/ipam/boot-reclaim.ts';
import { LeakRelease } from '../../src/ipam/leak-release.ts';
import { attachmentsOf } from '../../src/ipam/recorded-attachment.ts';
import { hostIfname } from '../../src/podnet/host-ifname.ts';
import { soon } from '../contract/store-fixture.ts';
import { add, agrees, offlineTest, until } from './offline-fixture.ts';

offlineTest('what was given without the datastore is freed after a reboot, once that is back', async (setup) => {
  const { remote, start } = setup;
  const first = await start();
  await add(first, 'a');
  remote.fail('down');
  await add(first, 'trigger', 'b');
  await first.crash();
  const second = await start();
  const { ipam, state, sync, logger } = second.node;
  await sync.ready(soon());
  const recorded = attachmentsOf(state.records);
  assert.equal(recorded.length, 3);
  remote.restore();
  await until(() => !second.store.isOffline, 'the datastore is told');
  const written: string[] = [];
  const boots = {
    readBoot: async () => 'another boot',
    writeBoot: async (_node: string, bootId: string) => void written.push(bootId),
  };
  const release = new LeakRelease(
    { dryRun: false },
    { ipam, exclusively: async (_pod, _signal, work) => await work(), logger },
  );
  const links = { look: async () => ({ has: () => false, unclaimed: () => [] }) };
  const bootId = async () => 'this boot';
  const boot = new BootReclaim(
    { node: 'node1', dryRun: false },
    { boots, bootId, state, adds: new AddsUnderWay(), links, hostIfname, release, logger },
  );
  await boot.run(recorded, soon());
  assert.deepEqual(written, ['this boot']);
  await agrees(setup, second, []);
});
