import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { builds } from '../contract/build-launcher.ts';
import { asProcess } from '../contract/cni-client.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { CoildProcess } from './coild-process.ts';
import { DATASTORES } from './datastores.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { Sandbox } from './sandbox.ts';

const AT_ONCE_MS = 5000;
const hangLinkDeletion = await builds.hangLinkDeletion();

describe('coild, with the deletion of a link that the kernel never answers', {
  skip: needsRoot,
  concurrency: 2,
}, () => {
  test('ends all the same, in time for who supervises it, and says what it gave up', async () => {
    await using node = await NodeUnderTest.create(DATASTORES.sqlite);
    const coild = await coildThatDeletes(node);
    assert.equal(await coild.stop(), 1, coild.output);
    const given = coild.log.filter(({ message }) => message === 'stopping without what does not end');
    assert.deepEqual(
      given.map(({ what }) => what),
      ['the deletion of links of Pods that are gone'],
    );
    assert.equal(coild.log.at(-1)?.message, 'coild ends without what the kernel keeps waiting');
  });

  test('ends at once at a second signal', async () => {
    await using node = await NodeUnderTest.create(DATASTORES.sqlite);
    const coild = await coildThatDeletes(node);
    coild.signal('SIGTERM');
    await coild.logged('stopping: finishing the requests under way');
    const start = performance.now();
    assert.equal(await coild.stop(), 143, coild.output);
    assert.ok(performance.now() - start < AT_ONCE_MS);
  });
});

/** A coild that has answered a DEL, and waits for the deletion of its link. */
async function coildThatDeletes(node: NodeUnderTest): Promise<CoildProcess> {
  const executable = [hangLinkDeletion, node.dist.coild];
  const coild = CoildProcess.spawn({ executable, netns: node.netns.path, flags: node.flags('--http=') });
  node.adopt(coild);
  await coild.logged('coild is listening');
  const sandbox = await Sandbox.create(node, asProcess(node.dist.coil));
  await sandbox.add();
  await sandbox.del();
  return coild;
}
