import assert from 'node:assert/strict';
import { chmod, chown, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { asProcess } from '../contract/cni-client.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { CoildProcess } from './coild-process.ts';
import { DATASTORES } from './datastores.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { Scene } from './scene.ts';

/** nobody */
const UID = 65534;
const AS_NOBODY = ['--reuid', String(UID), '--regid', String(UID), '--clear-groups'];
const BOTH = '-all,+net_admin,+sys_admin';

describe('coild and its capabilities', { skip: needsRoot, concurrency: 1 }, () => {
  let node: NodeUnderTest;
  before(async () => {
    node = await NodeUnderTest.create(DATASTORES.sqlite);
  });
  after(() => node?.[Symbol.asyncDispose]());

  /** coild, with what setpriv changes. */
  async function spawn(...setpriv: readonly string[]): Promise<CoildProcess> {
    const executable = join(node.folder, 'coild');
    // a process of another user would not be told of the test's end otherwise
    const words = ['/usr/bin/setpriv', '--pdeathsig', 'KILL', ...setpriv, node.dist.coild];
    await writeFile(executable, `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`);
    await chmod(executable, 0o755);
    return CoildProcess.spawn({ executable, netns: node.netns.path, flags: node.flags('--http=') });
  }

  for (const [who, setpriv, lacks] of [
    ['another user', AS_NOBODY, 'CAP_NET_ADMIN and CAP_SYS_ADMIN'],
    ['root without one of the two', ['--bounding-set', '-sys_admin', '--inh-caps', '-sys_admin'], 'CAP_SYS_ADMIN'],
  ] as const) {
    test(`as ${who}, it ends at once, says what it needs, and makes nothing`, async () => {
      await chmod(node.folder, 0o777);
      const files = await readdir(node.folder);
      await using coild = await spawn(...setpriv);
      assert.equal(await coild.ended(), 1, coild.output);
      const [line, ...more] = coild.log;
      assert.deepEqual([line?.message, more], ['coild cannot go on', []]);
      const needs = 'coild has to run as root, or with the capabilities CAP_NET_ADMIN and CAP_SYS_ADMIN';
      assert.ok(String(line?.error).startsWith(`${needs}; this process lacks ${lacks} (`), String(line?.error));
      assert.deepEqual((await readdir(node.folder)).sort(), [...new Set([...files, 'coild'])].sort());
    });
  }

  test('as another user with both, it serves', async () => {
    for (const name of ['', ...(await readdir(node.folder))]) await chown(join(node.folder, name), UID, UID);
    await using coild = await spawn(...AS_NOBODY, '--inh-caps', BOTH, '--ambient-caps', BOTH, '--bounding-set', BOTH);
    await coild.logged('coild is listening');
    const scene = new Scene(node, asProcess(node.dist.coil));
    const sandbox = await scene.sandbox();
    const result = await sandbox.add();
    await sandbox.succeed('CHECK', { netconf: { prevResult: result } });
    assert.equal(await node.netns.ip('route show table 119'), '10.11.0.0/24 dev lo proto 30 \n');
    await sandbox.del();
    assert.deepEqual(await sandbox.recorded(), []);
    assert.equal(await coild.stop(), 0);
  });
});
