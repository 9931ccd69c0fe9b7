import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { asProcess } from '../contract/cni-client.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { DATASTORES } from './datastores.ts';
import { eventually } from './eventually.ts';
import { makeRequests } from './http-errand.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { Scene } from './scene.ts';

/** The kernel takes no route over a link that is down. */
const REASON = /coild cannot export this node's blocks: .*10\.11\.0\.0\/24.*ENETDOWN/;

describe('blocks that cannot be exported', { skip: needsRoot }, () => {
  let node: NodeUnderTest;
  before(async () => {
    node = await NodeUnderTest.start(DATASTORES.sqlite);
  });
  after(() => node[Symbol.asyncDispose]());

  const readiness = async () => {
    const to = { socketPath: node.socket };
    const [answer] = await makeRequests(node.netns.path, { to, requests: [{ path: '/readyz' }] });
    return `${answer!.status} ${answer!.body}`;
  };

  test('make an ADD fail and the node not ready, with the reason; both end by themselves', async () => {
    await using scene = new Scene(node, asProcess(node.dist.coil));
    await eventually('coild is ready', async () => (await readiness()).startsWith('200 '));
    await node.netns.ip('link set lo down');
    const sandbox = await scene.sandbox();
    await assert.rejects(sandbox.add());
    assert.match(await readiness(), REASON);
    assert.ok((await readiness()).startsWith('503 '));
    await node.netns.ip('link set lo up');
    // without an ADD: a node that is not ready gets none
    await eventually('coild is ready again', async () => (await readiness()).startsWith('200 '), 20_000);
    assert.match(await node.netns.ip('route show table 119'), /10\.11\.0\.0\/24/);
    await sandbox.add();
  });

  test('that were exported before make the node not ready too', async () => {
    await node.netns.ip('link set lo down');
    await eventually('coild is not ready', async () => REASON.test(await readiness()), 20_000);
    await node.netns.ip('link set lo up');
    await eventually('coild is ready again', async () => (await readiness()).startsWith('200 '), 20_000);
  });
});
