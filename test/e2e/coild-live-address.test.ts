import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { asProcess } from '../contract/cni-client.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { statusOf } from './ask-coild.ts';
import { DATASTORES } from './datastores.ts';
import { eventually } from './eventually.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { addressesOf, type Sandbox } from './sandbox.ts';
import { Scene } from './scene.ts';

const FLAGS = ['--address-rest=0s', '--spare-blocks=0', '--http='] as const;

describe('an address that was freed under a Pod that lives with it, by a coild that lets none rest', {
  skip: needsRoot,
}, () => {
  test('is skipped: the next Pod gets one of another block, and no try is lost', async () => {
    await using parts = await fullBlock('10.11.0.0/29');
    const { scene, live, address } = parts;
    const next = await scene.sandbox();
    const [given] = addressesOf(await next.add());
    assert.notEqual(given, address);
    const { pod, found } = await parts.node.coild.logged('an address is in use without a record; trying another one');
    assert.equal(pod, next.pod);
    assert.match(
      String(found),
      new RegExp(`^${address} is in use: link ${live.hostLink}, of ${live.containerId}/eth0`),
    );
    assert.match(await parts.node.netns.ip(`route show ${address}`), new RegExp(`dev ${live.hostLink}`));
  });

  test('is told of where no other is free, and given at once when the link is gone', async () => {
    await using parts = await fullBlock('10.11.0.0/30');
    const { scene, live, others, address } = parts;
    const next = await scene.sandbox();
    for (const _ of [1, 2]) {
      const { code, text } = await next.fail('ADD');
      assert.equal(code, 11);
      assert.match(text, /no other address could be had for this Pod/);
      assert.match(
        text,
        new RegExp(`${address} is in use: link ${live.hostLink}, of .*; delete the Pod with that link`),
      );
    }
    await others[0]!.del();
    const second = addressesOf(await next.add());
    assert.notDeepEqual(second, [address], 'of the two that are free, the one that nobody lives with');
    const last = await scene.sandbox();
    assert.equal((await last.fail('ADD')).code, 11);
    await live.del();
    assert.deepEqual(addressesOf(await last.add()), [address]);
  });
});

/** A block of four Pods, the address of one of which an administrator has freed. */
class FullBlock implements AsyncDisposable {
  readonly node: NodeUnderTest;
  readonly scene: Scene;
  readonly live: Sandbox;
  readonly others: readonly Sandbox[];
  readonly address: string;

  constructor(node: NodeUnderTest, scene: Scene, [live, ...others]: readonly Sandbox[], address: string) {
    this.node = node;
    this.scene = scene;
    this.live = live!;
    this.others = others;
    this.address = address;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scene[Symbol.asyncDispose]();
    await this.node[Symbol.asyncDispose]();
  }
}

async function fullBlock(subnet: string): Promise<FullBlock> {
  await using stack = new AsyncDisposableStack();
  const node = stack.use(await NodeUnderTest.create(DATASTORES.sqlite, { pools: [['default', subnet, 2]] }));
  await node.startCoild(...FLAGS);
  const scene = stack.use(new Scene(node, asProcess(node.dist.coil)));
  const sandboxes = await Promise.all(Array.from({ length: 4 }, () => scene.sandbox()));
  const [result] = await Promise.all(sandboxes.map((sandbox) => sandbox.add()));
  const [address = ''] = addressesOf(result!);
  const { status, stderr } = await node.coilctl('address', 'free', address, '--yes');
  assert.equal(status, 0, stderr);
  const { containerId } = sandboxes[0]!;
  await eventually('coild has heard of it', async () => !(containerId in (await statusOf(node)).pods));
  stack.move();
  return new FullBlock(node, scene, sandboxes, address);
}
