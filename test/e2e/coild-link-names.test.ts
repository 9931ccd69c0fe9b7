import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostIfname } from '../../src/podnet/host-ifname.ts';
import { asProcess } from '../contract/cni-client.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { DATASTORES } from './datastores.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { Scene } from './scene.ts';

/** Of one namespace; sha1 of both begins with 820b0f1da4a. Whoever may name Pods finds such names in seconds. */
const [FIRST, SECOND] = ['web-246726', 'web-1527341'].map((pod) => ({ namespace: 'default', pod }));

test('a Pod whose name comes to the link of another one gets no network, and takes nothing from that one', {
  skip: needsRoot,
}, async () => {
  const [first, second] = [FIRST!, SECOND!];
  const link = hostIfname(first.namespace, first.pod, 'eth0');
  assert.equal(link, hostIfname(second.namespace, second.pod, 'eth0'));
  await using node = await NodeUnderTest.create(DATASTORES.sqlite);
  await node.startCoild();
  await using scene = new Scene(node, asProcess(node.dist.coil));
  const live = await scene.sandbox(first);
  const result = await live.add();
  const other = await scene.sandbox(second);
  await scene.restoredAfter(async () => {
    const { code, text } = await other.fail('ADD');
    assert.equal(code, 4);
    assert.ok(text.includes(`link ${link}, which Pod default/${first.pod} has; give one of them another name`), text);
    await other.del();
  });
  assert.deepEqual(await live.add(), result);

  // a sandbox of the same Pod takes its link over, as ever
  const next = await scene.sandbox(first);
  await next.add();
  await next.del();
  await live.del();
  await other.add();
});
