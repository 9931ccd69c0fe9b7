import assert from 'node:assert/strict';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { asProcess, type CniClient } from '../contract/cni-client.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { type Built, built } from './built.ts';
import { DATASTORES } from './datastores.ts';
import { eventually } from './eventually.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { addressesOf, type Sandbox } from './sandbox.ts';
import { Scene } from './scene.ts';

const PODS = 50;
/** For all of them, one after the other: what a drain may take of a coild that is down. */
const DRAIN_MS = 5_000;
const CLIENTS: Readonly<Record<string, (dist: Built) => CniClient>> = {
  coil: ({ coil }) => asProcess(coil),
  'hypercoil coil': ({ hypercoil }) => asProcess(hypercoil, 'coil'),
};

describe('a coild that was killed', { skip: needsRoot, concurrency: 2 }, () => {
  for (const [name, openDatastore] of Object.entries(DATASTORES)) {
    describe(`over ${name}`, { concurrency: 1 }, () => {
      let node: NodeUnderTest;
      let scene: Scene;
      const spool = () => `${node.socket}.spool`;
      const spooled = () => readdir(spool());
      const kill = async () => {
        node.coild.signal('SIGKILL');
        assert.equal(await node.coild.ended(), 'SIGKILL');
      };
      const add = async (count: number) => {
        const sandboxes = await Promise.all(Array.from({ length: count }, () => scene.sandbox()));
        await Promise.all(sandboxes.map((sandbox) => sandbox.add()));
        return sandboxes;
      };
      const podRoutes = async () => {
        const { stdout } = await node.run('ip', 'route', 'show', 'table', 'main');
        return stdout.match(/^10\.11\.\d+\.\d+(?= )/gm);
      };
      before(async () => {
        node = await NodeUnderTest.start(openDatastore, '--http=');
        scene = new Scene(node, asProcess(node.dist.coil));
      });
      after(() => node[Symbol.asyncDispose]());

      test(`frees all that ${PODS} DELs would have, at its next start`, async () => {
        const kept = await scene.sandbox();
        const result = await kept.add();
        const sandboxes = await add(PODS);
        await kill();
        const start = performance.now();
        for (const sandbox of sandboxes) await sandbox.del();
        const ms = performance.now() - start;
        assert.ok(ms < DRAIN_MS, `${PODS} DELs took ${ms} ms`);
        assert.equal((await spooled()).length, PODS);
        // a runtime deletes them next
        for (const { netns } of sandboxes.slice(0, PODS / 2)) await node.removePod(netns);
        await node.startCoild('--http=');
        await eventually('the spool is empty', async () => (await spooled()).length === 0);
        for (const sandbox of sandboxes) await isGone(sandbox);
        assert.deepEqual(await podRoutes(), addressesOf(result));
        await kept.succeed('CHECK', { netconf: { prevResult: result } });
        await kept.del();
      });

      // what follows is before the datastore
      if (name === 'etcd') return;

      test('does a DEL of a container before the ADD of its successor by the same Pod name', async () => {
        const before = await scene.sandbox({ pod: 'web-0' });
        await before.add();
        await kill();
        await before.del();
        const next = await scene.sandbox({ pod: 'web-0' });
        const adding = eventually('coild serves', async () => {
          const { exitStatus, stdout } = await next.call('ADD');
          return exitStatus === 0 ? JSON.parse(stdout) : undefined;
        });
        await node.startCoild('--http=');
        const result = await adding;
        assert.deepEqual(await spooled(), []);
        assert.deepEqual(await before.recorded(), []);
        assert.deepEqual(await next.recorded(), addressesOf(result));
        await next.succeed('CHECK', { netconf: { prevResult: result } });
        await next.del();
      });

      test('does not take from a container what an ADD gave it after the DEL', async () => {
        const sandbox = await scene.sandbox();
        await sandbox.add();
        await kill();
        await sandbox.del();
        await node.startCoild('--http=');
        const result = await sandbox.add();
        await eventually('the spool is empty', async () => (await spooled()).length === 0);
        await sandbox.succeed('CHECK', { netconf: { prevResult: result } });
        assert.deepEqual(await sandbox.recorded(), addressesOf(result));
        await sandbox.del();
      });

      for (const [clientName, clientOf] of Object.entries(CLIENTS)) {
        test(`${clientName}: a DEL whose Pod was never attached, or was detached before, is done too`, async () => {
          const client = clientOf(await built());
          const [never, twice] = [await scene.sandbox(), await scene.sandbox()];
          await twice.add();
          await twice.del();
          await kill();
          for (const sandbox of [never, twice, never]) await sandbox.calledBy(client).del();
          assert.equal((await spooled()).length, 2);
          await node.startCoild('--http=');
          await eventually('the spool is empty', async () => (await spooled()).length === 0);
        });
      }

      test('does what is spooled while it runs, too', async () => {
        const [sandbox] = await add(1);
        await kill();
        await sandbox!.del();
        const [file] = await spooled();
        const aside = join(node.folder, 'aside');
        await mkdir(aside, { recursive: true });
        await node.run('mv', join(spool(), file!), aside);
        await node.startCoild('--http=');
        await (await scene.sandbox()).add(); // the first look is over
        assert.equal((await sandbox!.recorded()).length, 1);
        await node.run('mv', join(aside, file!), spool());
        await eventually('the spool is empty', async () => (await spooled()).length === 0);
        await isGone(sandbox!);
      });
    });
  }
});

async function isGone(sandbox: Sandbox): Promise<void> {
  assert.deepEqual(await sandbox.recorded(), []);
  await eventually(`${sandbox.hostLink} is gone`, async () => {
    const { status } = await sandbox.node.run('ip', 'link', 'show', sandbox.hostLink);
    return status !== 0;
  });
}
