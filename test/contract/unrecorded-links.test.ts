import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OwnedBlock } from '../../src/ipam/owned-block.ts';
import { UnrecordedLinks } from '../../src/ipam/unrecorded-links.ts';
import { CoilError } from '../../src/model/error.ts';
import { IpPrefix } from '../../src/model/ip-prefix.ts';
import type { AttachmentLinks } from '../../src/podnet/attachment-links.ts';
import { RecordingLogger } from '../../src/process/recording-logger.ts';
import type { AddressRecord } from '../../src/store/ipam-store.ts';
import { eventually } from '../e2e/eventually.ts';
import { FakePodNetwork } from './fake-pod-network.ts';
import { attachmentOf, soon } from './pod-network-fixture.ts';

const BLOCK = IpPrefix.parse('10.1.0.0/30');
const NETNS = '/run/netns/c1';
/** 10.1.0.1 and fd00:1::1 of c1/eth0; the block of the second is not the node's. */
const POD = attachmentOf(NETNS);
const TOLD = ['10.1.0.1 nobody has a record of it', "fd00:1::1 its block is not this node's"];

test('is told once, until it is over', async () => {
  await using scene = await Scene.start();
  await eventually('it is told', async () => scene.told.length === 2);
  assert.deepEqual(scene.told, TOLD);
  assert.deepEqual(await scene.current(), TOLD);
  await scene.scans(2);
  assert.equal(scene.told.length, 2);
  scene.network.deleteNetns(NETNS);
  assert.deepEqual(await scene.current(), []);
  await scene.attach();
  await scene.scans(2);
  assert.deepEqual(scene.told, [...TOLD, ...TOLD]);
});

test('that another is recorded is said', async () => {
  await using scene = await Scene.start([record('c2')]);
  await eventually('it is told', async () => scene.told.length === 2);
  assert.equal(scene.told[0], '10.1.0.1 it is assigned to another');
});

for (const [what, change] of Object.entries({
  attached: { from: [], to: [record('c1')], isGone: false },
  detached: { from: [record('c1')], to: [], isGone: true },
})) {
  test(`a Pod that is ${what} during the look is not told of`, async () => {
    await using scene = await Scene.start(change.from, (s) => {
      s.records = change.to;
      if (change.isGone) s.network.deleteNetns(NETNS);
    });
    await scene.scans(1);
    assert.deepEqual(
      scene.told.filter((line) => line.startsWith('10.1.0.1')),
      [],
    );
  });
}

test('a kernel that does not tell is asked again at the next scan', async () => {
  await using scene = await Scene.start([], (s) => {
    if (s.looks === 1) throw new CoilError('network', 'ENOBUFS');
  });
  await eventually('it is told', async () => scene.told.length === 2);
  const { message } = scene.logger.records[0]!;
  assert.equal(message, 'cannot look for Pods without a record; trying again at the next scan');
});

function record(containerId: string): AddressRecord {
  const assignment = { containerId, ifname: 'eth0', namespace: 'ns', pod: 'web', createdAt: '' };
  return { block: BLOCK, offset: 1, revision: 1, assignment };
}

/** A Pod's link, a look at it each 5 ms, and what is recorded. */
class Scene implements AsyncDisposable {
  readonly network = new FakePodNetwork([NETNS]);
  readonly logger = new RecordingLogger();
  records: readonly AddressRecord[];
  looks = 0;
  readonly #unrecorded: UnrecordedLinks;
  readonly #end = new AbortController();
  #running: Promise<void> = Promise.resolve();

  private constructor(records: readonly AddressRecord[], duringLook: (scene: Scene) => void) {
    this.records = records;
    const links: AttachmentLinks = {
      look: async (signal) => {
        this.looks++;
        const view = await this.network.look(signal);
        duringLook(this);
        return view;
      },
    };
    const scene = this;
    const state = {
      blocks: [{ block: BLOCK } as OwnedBlock],
      get records() {
        return scene.records;
      },
    };
    const sync = { ready: () => Promise.resolve() };
    this.#unrecorded = new UnrecordedLinks({ scanIntervalMs: 5 }, { links, state, sync, logger: this.logger });
  }

  static async start(
    records: readonly AddressRecord[] = [],
    duringLook: (scene: Scene) => void = () => undefined,
  ): Promise<Scene> {
    const scene = new Scene(records, duringLook);
    await scene.attach();
    scene.#running = scene.#unrecorded.run(scene.#end.signal);
    return scene;
  }

  get told(): readonly string[] {
    return this.logger.records
      .filter(({ message }) => message === 'a Pod lives with an address that is not recorded for it; delete it')
      .map(({ fields: { address, reason } }) => `${address} ${reason}`);
  }

  async current(): Promise<readonly string[]> {
    return (await this.#unrecorded.current(soon())).map(({ address, reason }) => `${address} ${reason}`);
  }

  async attach(): Promise<void> {
    this.network.addNetns(NETNS);
    await this.network.attach(POD, soon());
  }

  /** Waits until so many further looks are over. */
  async scans(count: number): Promise<void> {
    const until = this.looks + count + 1;
    await eventually('it has looked', async () => this.looks >= until);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#running;
  }
}
