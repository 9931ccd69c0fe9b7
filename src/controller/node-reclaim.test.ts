import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeNodes } from '../../test/controller/fake-nodes.ts';
import { FakeOwners } from '../../test/controller/fake-owners.ts';
import { FakeTime, settle } from '../../test/controller/fake-time.ts';
import { CoilError } from '../model/error.ts';
import { Backoff } from '../process/backoff.ts';
import { RecordingLogger } from '../process/recording-logger.ts';
import { NodeReclaim } from './node-reclaim.ts';
import { Readiness } from './readiness.ts';

const GRACE_MS = 20_000;
const SCAN_MS = 600_000;
const BACKOFF_MS = 1_000;

/** A running reclaim over fakes; stopped, and waited for, on dispose. */
class Scene implements AsyncDisposable {
  readonly time = new FakeTime();
  readonly logger = new RecordingLogger();
  readonly readiness = new Readiness();
  readonly nodes: FakeNodes;
  readonly owners: FakeOwners;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #reclaim: NodeReclaim;
  #leading: { readonly stop: AbortController; readonly until: Promise<void> } | undefined;

  constructor(nodes: FakeNodes, owners: FakeOwners, { isLeader = true } = {}) {
    this.nodes = nodes;
    this.owners = owners;
    const { clock, sleep } = this.time;
    const backoff = new Backoff({ baseMs: BACKOFF_MS, maxMs: BACKOFF_MS }, { random: () => 1, sleep });
    this.#reclaim = new NodeReclaim(
      { nodeGraceMs: GRACE_MS, scanIntervalMs: SCAN_MS, backoff },
      { nodes, store: owners.store, readiness: this.readiness, logger: this.logger, clock, sleep },
    );
    this.#running = this.#reclaim.run(this.#stop.signal);
    if (isLeader) this.lead();
  }

  lead(): void {
    const stop = new AbortController();
    this.#leading = { stop, until: this.#reclaim.lead(stop.signal) };
  }

  async ceaseToLead(): Promise<void> {
    this.#leading?.stop.abort();
    await this.#leading?.until;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.ceaseToLead();
    this.#stop.abort();
    await this.#running;
  }
}

const two = () => new FakeOwners({ node1: '10.0.0.0/27', node2: '10.0.0.32/27' });

test('a node that is no Node at the start loses its blocks when the grace is over', async () => {
  await using scene = new Scene(new FakeNodes('node1'), two());
  scene.nodes.tellAll();
  await scene.time.pass(GRACE_MS - 1);
  assert.deepEqual(scene.owners.released, []);
  await scene.time.pass(1);
  await settle();
  assert.deepEqual(scene.owners.released, ['node2']);
  assert.deepEqual(scene.logger.records, [
    {
      level: 'info',
      message: 'a node that owns blocks is not in Kubernetes; it loses them after the grace',
      fields: { node: 'node2', blocks: ['10.0.0.32/27'], grace: '20s' },
    },
    {
      level: 'info',
      message: 'released the blocks and addresses of a node that is gone',
      fields: { node: 'node2', blocks: ['10.0.0.32/27'] },
    },
  ]);
});

test('who does not lead takes nothing; where it comes to lead, a grace that is over does not begin anew', async () => {
  await using scene = new Scene(new FakeNodes('node1'), two(), { isLeader: false });
  scene.nodes.tellAll();
  await scene.time.pass(GRACE_MS / 2);
  scene.lead();
  await scene.time.pass(GRACE_MS / 2 - 1);
  assert.deepEqual(scene.owners.released, []);
  await scene.ceaseToLead();
  await scene.time.pass(10 * GRACE_MS);
  assert.deepEqual(scene.owners.released, []);
  scene.lead();
  await settle();
  assert.deepEqual(scene.owners.released, ['node2']);
});

test('who does not lead looks for nodes, too: while Kubernetes cannot be asked, the grace begins anew', async () => {
  await using scene = new Scene(new FakeNodes('node1'), two(), { isLeader: false });
  scene.nodes.tellAll();
  await scene.time.pass(2 * GRACE_MS);
  scene.nodes.isReachable = false;
  await scene.time.pass(GRACE_MS);
  scene.nodes.isReachable = true;
  scene.lead();
  await settle();
  assert.deepEqual(scene.owners.released, []);
  await scene.time.pass(GRACE_MS);
  assert.deepEqual(scene.owners.released, ['node2']);
});

test('who does not lead is told by nobody that it cannot do what it need not', async () => {
  await using scene = new Scene(new FakeNodes(), two(), { isLeader: false });
  await settle();
  assert.doesNotMatch(scene.readiness.problems.join(), /Nodes|datastore/);
  scene.lead();
  assert.match(scene.readiness.problems.join(), /Nodes of Kubernetes are not known yet/);
});

test('who ceases to lead takes nothing any more', async () => {
  await using scene = new Scene(new FakeNodes('node1'), two());
  scene.owners.hold = new Promise(() => {});
  scene.nodes.tellAll();
  await scene.time.pass(GRACE_MS);
  await settle();
  await scene.ceaseToLead();
  scene.owners.hold = undefined;
  await scene.time.pass(10 * GRACE_MS);
  assert.deepEqual(scene.owners.released, []);
});

test('who ceases to lead says so when what cannot be stopped is over', async () => {
  await using scene = new Scene(new FakeNodes('node1'), two());
  const release = Promise.withResolvers<void>();
  scene.owners.stubborn = release.promise;
  scene.nodes.tellAll();
  await scene.time.pass(GRACE_MS);
  await settle();
  let hasCeased = false;
  const ceasing = scene.ceaseToLead().then(() => {
    hasCeased = true;
  });
  await settle();
  assert.equal(hasCeased, false);
  release.resolve();
  await ceasing;
});

test('nothing is released before the Nodes are known', async () => {
  await using scene = new Scene(new FakeNodes(), two());
  await scene.time.pass(2 * SCAN_MS);
  assert.deepEqual(scene.owners.released, []);
  assert.match(scene.readiness.problems.join(), /Nodes of Kubernetes are not known yet/);
});

test('a node that comes back within the grace keeps its blocks, and has a whole grace the next time', async () => {
  await using scene = new Scene(new FakeNodes('node1', 'node2'), two());
  scene.nodes.tellAll();
  await settle();
  scene.nodes.delete('node1');
  await scene.time.pass(GRACE_MS - 1);
  scene.nodes.add('node1');
  await scene.time.pass(GRACE_MS);
  scene.nodes.delete('node1');
  await scene.time.pass(GRACE_MS - 1);
  assert.deepEqual(scene.owners.released, []);
  assert.ok(scene.logger.messages.includes('a node came back; it keeps its blocks'));
});

test('a node that is back though no watch told of it keeps its blocks', async () => {
  await using scene = new Scene(new FakeNodes('node1', 'node2'), two());
  scene.nodes.tellAll();
  await settle();
  scene.nodes.delete('node1');
  await settle();
  scene.nodes.names.add('node1');
  await scene.time.pass(10 * GRACE_MS);
  assert.deepEqual(scene.owners.released, []);
});

test('while Kubernetes cannot be asked nobody loses anything, and the grace begins anew afterwards', async () => {
  await using scene = new Scene(new FakeNodes('node1'), two());
  scene.nodes.isReachable = false;
  scene.nodes.tellAll();
  await scene.time.pass(10 * GRACE_MS + GRACE_MS / 2);
  scene.nodes.isReachable = true;
  await scene.time.pass(GRACE_MS / 4);
  assert.deepEqual(scene.owners.released, []);
  await scene.time.pass(GRACE_MS);
  assert.deepEqual(scene.owners.released, ['node2']);
});

test('a release stops where the node comes back in the midst of it', async () => {
  await using scene = new Scene(new FakeNodes('node1'), two());
  scene.owners.hold = new Promise(() => {});
  scene.nodes.tellAll();
  await scene.time.pass(GRACE_MS);
  await settle();
  scene.nodes.add('node2');
  await settle();
  scene.owners.hold = undefined;
  await scene.time.pass(10 * GRACE_MS);
  assert.deepEqual(scene.owners.released, []);
});

test('a node that cannot be released does not keep others from it, and is tried again', async () => {
  await using scene = new Scene(new FakeNodes(), two());
  scene.owners.stuck.add('node1');
  scene.nodes.tellAll();
  await scene.time.pass(GRACE_MS);
  await settle();
  assert.deepEqual(scene.owners.released, ['node2']);
  scene.owners.stuck.clear();
  await scene.time.pass(BACKOFF_MS);
  await settle();
  assert.deepEqual(scene.owners.released, ['node2', 'node1']);
});

test('a datastore that does not answer is asked again, and is told by readiness', async () => {
  await using scene = new Scene(new FakeNodes('node1'), two());
  scene.owners.failure = new Error('connection refused');
  scene.nodes.tellAll();
  await settle();
  assert.match(scene.readiness.problems.join(), /datastore/);
  scene.owners.failure = undefined;
  await scene.time.pass(BACKOFF_MS);
  await settle();
  assert.doesNotMatch(scene.readiness.problems.join(), /datastore/);
  await scene.time.pass(GRACE_MS);
  await settle();
  assert.deepEqual(scene.owners.released, ['node2']);
});

test('what cannot be read is told of once a comparison, and keeps no other block for a node', async () => {
  await using scene = new Scene(new FakeNodes('node1'), two());
  scene.owners.unreadable = [new CoilError('corrupt-data', '/coil/block/default/10.0.0.0: not JSON')];
  const told = () => scene.logger.messages.filter((message) => message.startsWith('a value in the datastore')).length;
  scene.nodes.tellAll();
  await settle();
  assert.equal(told(), 1);
  assert.doesNotMatch(scene.readiness.problems.join(), /datastore/);
  await scene.time.pass(GRACE_MS);
  await settle();
  assert.deepEqual(scene.owners.released, ['node2']);
  assert.equal(told(), 2, 'of several reads');
  scene.owners.unreadable = [];
  // what could not be read before
  scene.owners.owners.set('node2', scene.owners.owners.get('node1')!);
  await scene.time.pass(SCAN_MS + GRACE_MS);
  await settle();
  assert.deepEqual(scene.owners.released, ['node2', 'node2']);
});

test('a node that takes blocks after it was released loses them at a later comparison', async () => {
  await using scene = new Scene(new FakeNodes('node1'), two());
  scene.nodes.tellAll();
  await scene.time.pass(GRACE_MS);
  await settle();
  scene.owners.owners.set('node2', scene.owners.owners.get('node1')!);
  await scene.time.pass(SCAN_MS + GRACE_MS);
  await settle();
  assert.deepEqual(scene.owners.released, ['node2', 'node2']);
});
