import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { asProcess } from '../contract/cni-client.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { BAD_CALLS } from './bad-call.ts';
import { createPool, DATASTORES } from './datastores.ts';
import { eventually } from './eventually.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { RAW_CASES } from './raw-cases.ts';
import { sendRaw } from './raw-request.ts';
import type { Sandbox } from './sandbox.ts';
import { Scene } from './scene.ts';

// That both clients say the same of bad input is their contract's to test; and it does not come as far as the datastore.
describe('bad input to coild', { skip: needsRoot }, () => {
  let node: NodeUnderTest;
  let scene: Scene;
  let sandbox: Sandbox;
  let dump: object;
  before(async () => {
    node = await NodeUnderTest.start(DATASTORES.sqlite, '--http=', '--loglevel=debug');
    await createPool(node.datastore.store, 'full', '192.0.2.7/32', 0);
    scene = new Scene(node, asProcess(node.dist.coil));
    for (const namespace of ['ns', 'full']) await (await scene.sandbox({ namespace })).add();
    sandbox = await scene.sandbox();
    await sandbox.netns.ip('link add taken type bridge');
    dump = await node.dump();
  });
  after(() => node[Symbol.asyncDispose]());

  for (const { name, command = 'ADD', options, code, says } of BAD_CALLS) {
    test(`${name} is refused, and changes nothing`, async () => {
      const failure = await sandbox.fail(command, options(sandbox));
      assert.match(failure.text, says);
      assert.equal(failure.code, code, failure.text);
      assert.deepEqual(await node.dump(), dump);
    });
  }

  describe('as bytes on its socket', () => {
    for (const { name, bytes, status, says } of RAW_CASES) {
      test(`${name} is refused, and changes nothing`, async () => {
        const answer = await sendRaw(node.socket, bytes(sandbox));
        assert.equal(answer.status, status, answer.body.slice(0, 500));
        const { error, msg, details } = JSON.parse(answer.body);
        assert.match(error ?? `${msg}: ${details}`, says);
        assert.deepEqual(await node.dump(), dump);
      });
    }
  });

  test('the log has constant messages, and no stack traces', () => {
    assert.doesNotMatch(node.coild.output, /\\n\s+at |\n\s+at /);
    assert.equal(node.coild.output.split('\n').filter((line) => line !== '').length, node.coild.log.length);
    assert.deepEqual([...new Set(node.coild.log.map(({ message }) => message))].sort(), [
      'a CNI call failed',
      'acquired a block',
      'attached a Pod',
      'coild is listening',
      "comparing all of the node's network with the records",
      'exported blocks',
      'read the state of this node',
    ]);
  });

  test('of a failed call the log says which one it was', () => {
    const failed = node.coild.log.filter(({ message }) => message === 'a CNI call failed');
    const full = failed.filter(({ args }) =>
      String(args).endsWith(`K8S_POD_NAMESPACE=full;K8S_POD_NAME=${sandbox.pod}`),
    );
    const fields = full.map(({ severity, command, containerId, code }) => ({ severity, command, containerId, code }));
    assert.deepEqual(fields, [{ severity: 'error', command: 'ADD', containerId: sandbox.containerId, code: 11 }]);
  });

  test('after all of it an ADD succeeds', async () => {
    await sandbox.add();
  });
});

describe('a cluster without pools', { skip: needsRoot }, () => {
  test('fails an ADD with code 11 that says what to do, and changes nothing', async () => {
    await using node = await NodeUnderTest.create(DATASTORES.sqlite, { pools: [] });
    await node.startCoild('--http=');
    const scene = new Scene(node, asProcess(node.dist.coil));
    const sandbox = await scene.sandbox();
    const failure = await scene.unchangedBy(() => sandbox.fail('ADD'));
    assert.equal(failure.code, 11);
    assert.match(failure.text, /address pool is not found: default \(coilctl pool create makes it\)/);
    await createPool(node.datastore.store, 'default', '10.11.0.0/16', 8);
    await eventually('coild has heard of the pool', async () => (await sandbox.call('ADD')).exitStatus === 0);
  });
});
