import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { hostIfname } from '../../src/podnet/host-ifname.ts';
import type { OpenedStore } from '../../src/store/open-store.ts';
import type { IpamNode } from './ipam-node.ts';
import { A, reclaimTest, until } from './reclaim-test.ts';
import { soon } from './store-fixture.ts';

describe('a reboot', () => {
  const recordBoot = (bootId: string) => (store: OpenedStore) => store.writeBoot('node1', bootId, soon());

  reclaimTest(
    'frees at once what was attached before and has no link now',
    async ({ store, scene }) => {
      await scene.add(A);
      await scene.add({ container: 'b', pod: 'web-1' });
      const recorded = scene.attachments;
      scene.network.deleteNetns('/run/netns/a');
      await scene.add({ container: 'c', pod: 'web-2' });
      scene.network.deleteNetns('/run/netns/c');
      await scene.boot.run(recorded, soon());
      assert.deepEqual(scene.recorded, ['10.0.0.1 b', '10.0.0.2 c'], 'b has a link, c was attached after the start');
      assert.deepEqual(scene.decisions, [
        'freed a leaked address a node reboot',
        'kept an address that looked leaked: a proof does not hold any more b node reboot',
      ]);
      assert.equal(await store.readBoot('node1', soon()), 'this boot');
    },
    { before: recordBoot('another boot') },
  );

  reclaimTest(
    'frees it though a Pod of the same name is being attached, whose link has no owner yet',
    async ({ scene }) => {
      await scene.add(A);
      scene.lose(A);
      const recorded = scene.attachments;
      const turn = Promise.withResolvers<void>();
      const pod = { namespace: 'default', pod: 'web-0' };
      const attaching = scene.attacher.exclusively(pod, soon(), async () => {
        const host = { hostIfname: hostIfname('default', 'web-0', 'eth0'), netns: '/run/netns/b' };
        scene.network.addPair({ ...host, containerId: 'b', ifname: 'eth0', addresses: [] }, undefined);
        await turn.promise;
        scene.network.deleteNetns(host.netns);
      });
      const running = scene.boot.run(recorded, soon());
      await until(() => scene.logger.messages.includes('the node was rebooted since its last coild'));
      await new Promise(setImmediate);
      turn.resolve();
      await Promise.all([attaching, running]);
      assert.deepEqual(scene.recorded, []);
    },
    { before: recordBoot('another boot') },
  );

  reclaimTest(
    'looks once more before each change: a container that was started again keeps its address',
    async ({ scene }) => {
      await scene.add(A);
      scene.lose(A);
      const recorded = scene.attachments;
      // for a Pod that is attached while the first look is evaluated
      const turn = Promise.withResolvers<void>();
      const held = scene.attacher.exclusively({ namespace: 'default', pod: 'web-0' }, soon(), () => turn.promise);
      const repeated = scene.add(A);
      const running = scene.boot.run(recorded, soon());
      turn.resolve();
      await Promise.all([held, running]);
      assert.deepEqual([await repeated, scene.recorded], ['10.0.0.0', ['10.0.0.0 a']]);
      assert.match(scene.decisions.at(-1)!, /a proof does not hold any more/);
    },
    { before: recordBoot('another boot') },
  );

  reclaimTest(
    'keeps what was attached again since, though another container of its Pod has taken the link',
    async ({ scene }) => {
      await scene.add(A);
      const recorded = scene.attachments;
      const boot = scene.boot.run(recorded, soon());
      await Promise.all([scene.add(A), scene.add({ container: 'b' }), boot]);
      assert.deepEqual(scene.recorded, ['10.0.0.0 a', '10.0.0.1 b']);
    },
    { before: recordBoot('another boot') },
  );

  /** As a replay does, or a second write of the same: the record has another revision, and says the same. */
  const writeAnew = async (store: OpenedStore, { state }: IpamNode) => {
    const [record] = state.records;
    await store.free([record!], soon());
    const { block, offset, assignment } = record!;
    await store.allocate({ node: 'node1', slots: [{ block, offset }], assignment }, soon());
  };

  reclaimTest(
    'frees what was recorded anew since the start',
    async ({ store, scene }) => {
      await scene.add(A);
      scene.lose(A);
      const recorded = scene.attachments;
      await writeAnew(store, scene.node);
      await until(() => scene.node.state.records[0]?.revision !== recorded[0]!.records[0]!.revision);
      await scene.boot.run(recorded, soon());
      assert.deepEqual(scene.recorded, []);
      assert.equal(await store.readBoot('node1', soon()), 'this boot');
    },
    { before: recordBoot('another boot') },
  );

  reclaimTest(
    'is recorded only when what was changed in the last moment is freed too',
    async ({ store, scene }) => {
      await scene.add(A);
      scene.lose(A);
      const recorded = scene.attachments;
      scene.beforeChange = () => writeAnew(store, scene.node);
      await scene.boot.run(recorded, soon());
      assert.deepEqual(await store.listAddresses(recorded[0]!.records[0]!.block, soon()), []);
      assert.deepEqual(scene.decisions, [
        'kept an address that looked leaked: it was changed meanwhile a node reboot',
        'freed a leaked address a node reboot',
      ]);
      assert.equal(await store.readBoot('node1', soon()), 'this boot');
    },
    { before: recordBoot('another boot') },
  );

  reclaimTest(
    'says nothing of what was attached since, though it is of the same container and address',
    async ({ store, scene }) => {
      await scene.add(A);
      const recorded = scene.attachments;
      const [{ block, offset, assignment } = assert.fail()] = scene.node.state.records;
      await store.free(scene.node.state.records, soon());
      const createdAt = '2026-11-23T03:00:00Z';
      const since = { node: 'node1', slots: [{ block, offset }], assignment: { ...assignment, createdAt } };
      await store.allocate(since, soon());
      await until(() => scene.node.state.records[0]?.assignment.createdAt === createdAt);
      scene.lose(A);
      await scene.boot.run(recorded, soon());
      assert.deepEqual([scene.recorded, scene.decisions], [['10.0.0.0 a'], []]);
    },
    { before: recordBoot('another boot') },
  );

  for (const [what, before] of [
    ['the first start without a record', undefined],
    ['a restart in the same boot', recordBoot('this boot')],
  ] as const) {
    reclaimTest(
      `${what} frees nothing`,
      async ({ store, scene }) => {
        await scene.add(A);
        scene.lose(A);
        await scene.boot.run(scene.attachments, soon());
        assert.deepEqual([scene.recorded, scene.decisions], [['10.0.0.0 a'], []]);
        assert.equal(await store.readBoot('node1', soon()), 'this boot');
      },
      before ? { before } : {},
    );
  }

  reclaimTest(
    'is recorded only after that: what fails is tried again',
    async ({ store, scene }) => {
      await scene.add(A);
      scene.lose(A);
      scene.down.add('node');
      const stop = new AbortController();
      const running = scene.boot.run(scene.attachments, stop.signal);
      await until(() => scene.logger.messages.includes('cannot free what was attached before a reboot; trying again'));
      assert.equal(await store.readBoot('node1', soon()), 'another boot');
      scene.down.clear();
      await running;
      assert.deepEqual(scene.recorded, []);
      assert.equal(await store.readBoot('node1', soon()), 'this boot');
    },
    { before: recordBoot('another boot') },
  );

  reclaimTest(
    'a dry run frees nothing and records nothing',
    async ({ store, scene }) => {
      await scene.add(A);
      scene.lose(A);
      await scene.boot.run(scene.attachments, soon());
      assert.deepEqual(scene.recorded, ['10.0.0.0 a']);
      assert.equal(await store.readBoot('node1', soon()), 'another boot');
    },
    { before: recordBoot('another boot'), dryRun: true },
  );

  reclaimTest(
    'reclaim looks for it at the start, at what was recorded then',
    async ({ scene }) => {
      await scene.add(A);
      scene.lose(A);
      const stop = new AbortController();
      const running = scene.reclaim.run(stop.signal);
      await until(() => scene.recorded.length === 0);
      stop.abort();
      await running;
    },
    { before: recordBoot('another boot') },
  );
});
