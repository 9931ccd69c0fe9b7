import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { asProcess } from '../contract/cni-client.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { DATASTORES } from './datastores.ts';
import { eventually } from './eventually.ts';
import { podLinks } from './kernel-state.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { Scene } from './scene.ts';

const VALID = 'cni.dev/valid-attachments';

// one beside the other; what is in each goes one after the other
describe('reclaim', { concurrency: 2 }, () => {
  for (const [name, openDatastore] of Object.entries(DATASTORES)) {
    describe(`coild over ${name}`, { skip: needsRoot, concurrency: 1 }, () => {
      let node: NodeUnderTest;
      before(async () => {
        node = await NodeUnderTest.start(openDatastore, '--http=');
      });
      after(() => node[Symbol.asyncDispose]());

      test('a reboot frees what was attached before at once, and nothing that has a link', async () => {
        await using scene = new Scene(node, asProcess(node.dist.coil));
        const { store } = node.datastore;
        const [lost, kept] = [await scene.sandbox(), await scene.sandbox()];
        for (const sandbox of [lost, kept]) await sandbox.add();
        const boot = await eventually('the boot is recorded', () =>
          store.readBoot('node1', AbortSignal.timeout(5_000)),
        );
        assert.equal(await node.coild.stop(), 0, node.coild.output);
        await lost.netns.ip('link delete eth0');
        // as if the machine had been another boot's: the kernel's own name for this one cannot be changed
        await store.writeBoot('node1', randomUUID(), AbortSignal.timeout(5_000));
        await node.startCoild('--http=');
        await eventually('the lost address is free', async () => (await lost.recorded()).length === 0);
        assert.equal((await kept.recorded()).length, 1);
        const { message } = await node.coild.logged('freed a leaked address');
        assert.ok(message);
        const bootIsThis = async () => (await store.readBoot('node1', AbortSignal.timeout(5_000))) === boot;
        await eventually('after that, this boot is recorded', bootIsThis);
        await scene.unchangedBy(async () => {
          await node.coild.stop();
          await node.startCoild('--http=');
        });
      });

      test('GC takes down what is not in the list of the runtime, and nothing without a list', async () => {
        await using scene = new Scene(node, asProcess(node.dist.coil));
        const [stale, live] = [await scene.sandbox(), await scene.sandbox()];
        for (const sandbox of [stale, live]) await sandbox.add();
        const noContainer = {
          CNI_CONTAINERID: undefined,
          CNI_NETNS: undefined,
          CNI_IFNAME: undefined,
          CNI_ARGS: undefined,
        };
        const gc = (netconf: object) => ({ env: noContainer, netconf: { ...netconf } });
        await scene.unchangedBy(async () => {
          const { code, text } = await live.fail('GC', gc({}));
          assert.equal(code, 7);
          assert.match(text, /valid-attachments is missing/);
          await live.succeed('GC', gc({ name: 'other', [VALID]: [] }));
        });
        const valid = [{ containerID: live.containerId, ifname: 'eth0' }];
        assert.equal(await live.succeed('GC', gc({ [VALID]: valid })), undefined);
        assert.deepEqual([await stale.recorded(), (await live.recorded()).length], [[], 1]);
        await eventually('the link is gone', async () => {
          const links = await podLinks(node.netns);
          return links.includes(live.hostLink) && !links.includes(stale.hostLink);
        });
        await scene.unchangedBy(() => live.succeed('GC', gc({ [VALID]: valid })));
      });
    });
  }
});
