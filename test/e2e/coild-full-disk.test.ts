import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { asProcess } from '../contract/cni-client.ts';
import { command, needsRoot } from '../kernel/kernel-fixture.ts';
import { DATASTORES, type OpenDatastore } from './datastores.ts';
import { eventually } from './eventually.ts';
import { makeRequests } from './http-errand.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { Scene } from './scene.ts';

/** STATUS comes without the variables of a container. */
const NODE_ONLY = { CNI_CONTAINERID: undefined, CNI_NETNS: undefined, CNI_IFNAME: undefined, CNI_ARGS: undefined };
const FULL = /coild cannot change the datastore: the database \S+coil\.db cannot be used: .*full/;

/** SQLite in a file system of its own, of 1 MiB. */
const onSmallDisk: OpenDatastore = async ({ netns, folder }) => {
  await using stack = new AsyncDisposableStack();
  const disk = diskOf(folder);
  await mkdir(disk);
  await command('mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk);
  stack.defer(async () => void (await command('umount', disk)));
  const datastore = stack.use(await DATASTORES.sqlite({ netns, folder: disk }));
  const opened = stack.move();
  return { ...datastore, [Symbol.asyncDispose]: () => opened.disposeAsync() };
};

const diskOf = (folder: string): string => join(folder, 'disk');

describe('coild whose disk is full', { skip: needsRoot, concurrency: 1 }, () => {
  const stack = new AsyncDisposableStack();
  let node: NodeUnderTest;
  let scene: Scene;
  before(async () => {
    node = stack.use(await NodeUnderTest.create(onSmallDisk));
    await node.startCoild('--http=');
    stack.defer(async () => void (await node.coild.stop()));
    scene = stack.use(new Scene(node, asProcess(node.dist.coil)));
  });
  after(() => stack.disposeAsync());

  const ballast = () => join(diskOf(node.folder), 'ballast');
  /** Takes all the room that there is. */
  const fill = async () => {
    await assert.rejects(writeFile(ballast(), Buffer.alloc(2 << 20)), { code: 'ENOSPC' });
  };
  const readiness = async () => {
    const [answer] = await makeRequests(node.netns.path, {
      to: { socketPath: node.socket },
      requests: [{ path: '/readyz' }],
    });
    return answer!;
  };

  test('is not ready from the first ADD that failed on, says why, and is ready again by itself', async () => {
    const first = await scene.sandbox();
    await first.add();
    assert.equal((await readiness()).status, 200);
    await fill();
    const sandbox = await scene.sandbox();
    const failure = await sandbox.fail('ADD');
    assert.match(failure.text, /coil\.db cannot be used: .*full/);
    const { status, body } = await readiness();
    assert.equal(status, 503, body);
    assert.match(body, FULL);
    const refused = await sandbox.fail('STATUS', { env: NODE_ONLY });
    assert.equal(refused.code, 50);
    assert.match(refused.text, FULL);
    await rm(ballast());
    await eventually('coild is ready', async () => (await readiness()).status === 200, 15_000);
    assert.equal(await sandbox.succeed('STATUS', { env: NODE_ONLY }), undefined);
    await sandbox.add();
    await node.coild.logged('the datastore can be changed again');
    const told = node.coild.log.map(({ message }) => message).filter((message) => /\bthe datastore\b/.test(message));
    assert.deepEqual(told, ['cannot change the datastore; trying again', 'the datastore can be changed again']);
  });

  test('is not ready where it is full at the start, though all can be read', async () => {
    await node.coild.stop();
    await fill();
    await node.startCoild('--http=');
    await eventually('coild is not ready', async () => FULL.test((await readiness()).body));
    const { status } = await node.run(
      '/usr/bin/env',
      'curl',
      '-sf',
      '--unix-socket',
      node.socket,
      'http://coild/status',
    );
    assert.equal(status, 0);
    await rm(ballast());
    await eventually('coild is ready', async () => (await readiness()).status === 200, 15_000);
  });
});
