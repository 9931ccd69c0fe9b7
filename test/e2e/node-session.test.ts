import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { NodeHolder, NodeSessions } from '../../src/store/node-sessions.ts';
import { asProcess } from '../contract/cni-client.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import type { CoildProcess } from './coild-process.ts';
import { DATASTORES } from './datastores.ts';
import { eventually } from './eventually.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { Scene } from './scene.ts';

const NODE = 'node1';
const soon = () => AbortSignal.timeout(10_000);
const ELSEWHERE: NodeHolder = {
  ...{
    id: 'x',
    bootId: 'of another machine',
    lock: '24:7',
    host: 'host2',
    version: '2.0.0',
    since: '2026-11-22T12:00:00Z',
  },
};

for (const medium of ['etcd', 'sqlite'] as const) {
  describe(`one coild a node, over ${medium}`, { skip: needsRoot }, () => {
    let node: NodeUnderTest;
    let scene: Scene;
    before(async () => {
      node = await NodeUnderTest.start(DATASTORES[medium], '--http=');
      scene = new Scene(node, asProcess(node.dist.coil));
    });
    after(async () => {
      await scene[Symbol.asyncDispose]();
      await node[Symbol.asyncDispose]();
    });

    test('a second one on the machine waits, says so, and takes over when the first is killed', async () => {
      const second = join(node.folder, 'second.sock');
      const waiting = node.spawnCoild(['--http=', `--socket=${second}`]);
      const { reason } = await waiting.logged('waiting to serve this node');
      assert.match(String(reason), /another coild on this machine serves node node1/);
      const sandbox = await scene.sandbox();
      const before = await node.dump();
      const netconf = { coild: `unix://${second}` };
      const failure = await sandbox.fail('ADD', { netconf });
      assert.equal(failure.code, 11, failure.text);
      assert.match(failure.text, /another coild on this machine serves node node1/);
      assert.equal((await sandbox.fail('STATUS', { netconf })).code, 50);
      assert.deepEqual(await node.dump(), before);
      node.coild.signal('SIGKILL');
      await eventually('it serves', async () => (await sandbox.call('STATUS', { netconf })).exitStatus === 0);
      await sandbox.add({ netconf });
      await sandbox.del({ netconf });
      assert.equal(await waiting.stop(), 0);
      await node.startCoild('--http=');
      await (await scene.sandbox()).add();
    });
  });
}

describe('one machine a node', { skip: needsRoot }, () => {
  let node: NodeUnderTest;
  let sessions: NodeSessions;
  let coild: CoildProcess;
  before(async () => {
    node = await NodeUnderTest.create(DATASTORES.etcd);
    sessions = (node.datastore.store as { sessions?: NodeSessions }).sessions!;
  });
  after(() => node[Symbol.asyncDispose]());

  test('a second one of the same machine waits too where it has a folder of its own, as in another container', async () => {
    coild = node.spawnCoild(['--http=']);
    await coild.logged('read the state of this node');
    const own = (name: string) => join(node.folder, 'own', name);
    const second = node.spawnCoild(['--http=', `--socket=${own('coild.sock')}`, `--journal=${own('journal.db')}`]);
    const { reason } = await second.logged('waiting to serve this node');
    assert.match(String(reason), new RegExp(`another coild serves node node1: on host ${hostname()}, since`));
    assert.equal(await coild.stop(), 0);
    await second.logged('read the state of this node');
    assert.equal(await second.stop(), 0);
  });

  test('a coild waits while another machine has the session, and serves when that has ended', async () => {
    await sessions.hold(NODE, ELSEWHERE, soon());
    coild = node.spawnCoild(['--http=']);
    const { reason } = await coild.logged('waiting to serve this node');
    assert.match(String(reason), /another coild serves node node1: on host host2, since 2026-11-22T12:00:00Z/);
    await sessions.end(NODE, soon());
    await coild.logged('read the state of this node');
    assert.equal((await sessions.hold(NODE, ELSEWHERE, soon())).outcome, 'taken');
  });

  test('it ends when another machine has taken the session meanwhile', async () => {
    coild.signal('SIGSTOP');
    await eventually(
      'its session is over',
      async () => (await sessions.hold(NODE, ELSEWHERE, soon())).outcome === 'held',
      30_000,
    );
    coild.signal('SIGCONT');
    assert.equal(await coild.ended(), 1);
    assert.match(coild.output, /another coild serves node node1: on host host2.*coild cannot go on/);
  });
});
