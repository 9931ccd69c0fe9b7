import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { asProcess } from '../contract/cni-client.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { DATASTORES } from './datastores.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { sendRaw } from './raw-request.ts';
import type { Sandbox } from './sandbox.ts';
import { Scene } from './scene.ts';

const run = promisify(execFile);
const PORT = 9383;
const NOBODY = ['--reuid=65534', '--regid=65534', '--clear-groups'];
/** Root, but only of a user namespace: any user can be that. */
const ROOT_OF_OWN_NAMESPACE = ['setpriv', ...NOBODY, 'unshare', '--user', '--map-root-user'];
const NODE_ADDRESS = '192.0.2.1';
const LAUNCHER = join(import.meta.dirname, '../../launcher');

const CALLS: readonly (readonly [what: string, head: string, body: string])[] = [
  ['free an address', 'DELETE /ip/ns/web/c0', ''],
  ['allocate one', 'POST /ip', JSON.stringify({ 'pod-namespace': 'ns', 'pod-name': 'p', 'container-id': 'c' })],
  ['make a plugin call', 'POST /cni', JSON.stringify({ cniVersion: '1.1.0', name: 'k8s', type: 'coil' })],
];

// bash speaks TCP by itself: no program of ours has to be readable for the other user
async function ask(netns: string, who: readonly string[], address: string, head: string, body: string) {
  const headers = [
    `${head} HTTP/1.1`,
    'Host: x',
    `Content-Length: ${body.length}`,
    'CNI-Command: DEL',
    'Connection: close',
  ];
  const script = `exec 3<>/dev/tcp/${address}/${PORT}; printf %s "$1" >&3; cat <&3`;
  const message = `${headers.join('\r\n')}\r\n\r\n${body}`;
  const command = [`--net=${netns}`, ...who, 'bash', '-c', script, 'bash', message];
  const { stdout } = await run('nsenter', command, { timeout: 10_000 });
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(stdout)?.[1]), text: stdout };
}

describe('who may change anything', { skip: needsRoot }, () => {
  let node: NodeUnderTest;
  let scene: Scene;
  let pod: Sandbox;
  let dump: object;
  before(async () => {
    node = await NodeUnderTest.start(DATASTORES.sqlite, `--http=0.0.0.0:${PORT}`);
    await node.netns.ip(`address add ${NODE_ADDRESS}/32 dev lo`);
    scene = new Scene(node, asProcess(node.dist.coil));
    pod = await scene.sandbox();
    await pod.add();
    dump = await node.dump();
  });
  after(async () => {
    await scene[Symbol.asyncDispose]();
    await node[Symbol.asyncDispose]();
  });

  for (const [what, head, body] of CALLS) {
    test(`root of a Pod cannot ${what}, over the node's address`, async () => {
      const { status, text } = await ask(pod.netns.path, [], NODE_ADDRESS, head, body);
      assert.equal(status, 403, text);
      assert.deepEqual(await node.dump(), dump);
    });

    test(`root of a user namespace cannot ${what}, though its uid is 0 there`, async () => {
      const { status, text } = await ask(node.netns.path, ROOT_OF_OWN_NAMESPACE, '127.0.0.1', head, body);
      assert.equal(status, 403, text);
      assert.deepEqual(await node.dump(), dump);
    });
  }

  test('whoever reaches the port may read', async () => {
    const { status, text } = await ask(pod.netns.path, [], NODE_ADDRESS, 'GET /status', '');
    assert.equal(status, 200, text);
  });

  test('root of a user namespace cannot open the socket', async () => {
    await chmod(node.folder, 0o755);
    // to connect takes the permission to write, unix(7)
    const look = [`--net=${node.netns.path}`, ...ROOT_OF_OWN_NAMESPACE, 'test', '-w', node.socket];
    await assert.rejects(run('nsenter', look), { code: 1 });
    assert.equal((await stat(node.socket)).mode & 0o777, 0o600);
  });

  test('nobody but root can pretend that another coild serves the node, or reach what tells so', async () => {
    const { stdout: sockets } = await run('nsenter', [`--net=${node.netns.path}`, 'cat', '/proc/net/unix']);
    // any user may take such a name, and connect to it
    assert.doesNotMatch(sockets, /@/, 'abstract sockets of the node');
    const lock = join(node.folder, `${node.name}.lock`);
    assert.equal((await stat(lock)).mode & 0o777, 0o600);
    await chmod(node.folder, 0o755);
    await assert.rejects(run('setpriv', [...NOBODY, 'flock', '--nonblock', lock, 'true']), { code: 66 });
    await assert.rejects(run('flock', ['--nonblock', lock, 'true']), { code: 1 });
  });

  test('nobody keeps the probes out by connections that say half of a request', async () => {
    const open = 'for i in {1..200}; do exec {fd}<>/dev/tcp/127.0.0.1/$1; printf "GET /" >&$fd; done; echo; sleep 30';
    const line = [`--net=${node.netns.path}`, 'setpriv', ...NOBODY, 'bash', '-c', open, 'bash', String(PORT)];
    const holder = spawn('nsenter', line, { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(holder.stdout, 'data', { signal: AbortSignal.timeout(10_000) });
      const { status, text } = await ask(node.netns.path, [], '127.0.0.1', 'GET /healthz', '');
      assert.equal(status, 200, text);
    } finally {
      holder.kill('SIGKILL');
    }
  });

  test('bombs of headers are refused, and coild goes on', async () => {
    const many = Array.from({ length: 4000 }, (_, i) => `X-${i}: y`).join('\r\n');
    for (const headers of [many, `X: ${'y'.repeat(64 * 1024)}`]) {
      const { status } = await sendRaw(node.socket, `POST /cni HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n`);
      assert.equal(status, 431);
    }
    assert.deepEqual(await node.dump(), dump);
    await pod.succeed('CHECK', { netconf: { prevResult: await pod.add() } });
  });
});

describe('what is left on the disk', { skip: needsRoot }, () => {
  for (const [medium, openDatastore] of Object.entries(DATASTORES)) {
    const what = medium === 'etcd' ? 'journal' : 'database';
    test(`the ${what} is its owner's alone, and so is its folder where that was made for it`, async () => {
      await using node = await NodeUnderTest.create(openDatastore);
      const folder = join(node.folder, 'own');
      await node.startCoild('--http=', ...(medium === 'etcd' ? [`--journal=${join(folder, 'journal.db')}`] : []));
      const at = medium === 'etcd' ? folder : node.folder;
      if (at === folder) assert.equal((await stat(folder)).mode & 0o777, 0o700);
      const files = (await readdir(at)).filter((name) => name.includes('.db'));
      assert.ok(files.length > 0);
      for (const name of files) assert.equal((await stat(join(at, name))).mode & 0o777, 0o600, name);
    });
  }
});

test('the launcher starts no program, and no shell', async () => {
  for (const name of await readdir(LAUNCHER)) {
    const source = await readFile(join(LAUNCHER, name), 'utf8');
    assert.doesNotMatch(source, /\b(system|popen|posix_spawnp?|exec[lv]p?e?)\s*\(/, name);
  }
});
