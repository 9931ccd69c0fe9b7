import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { withNetns } from '../../src/netlink/netns.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { DATASTORES } from './datastores.ts';
import { makeRequests } from './http-errand.ts';
import { NodeUnderTest } from './node-under-test.ts';

const NODE = { COIL_NODE_NAME: 'node1' };

interface BadStart {
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** On standard error. */
  readonly says: RegExp;
}

const BAD_STARTS: readonly BadStart[] = [
  { env: {}, says: /COIL_NODE_NAME is not set: set it to this node's name in the environment/ },
  { env: { COIL_NODE_NAME: '' }, says: /COIL_NODE_NAME is not set/ },
  { env: { COIL_NODE_NAME: 'a/b' }, says: /COIL_NODE_NAME is "a\/b", which is not a name of a node/ },
  ...['9383', '127.0.0.1', '127.0.0.1:65536', '[::1'].map((http) => ({
    flags: [`--http=${http}`],
    says: /--http ".*" is not HOST:PORT/,
  })),
  ...['', 'coild.sock/', `/${'x'.repeat(107)}`].map((socket) => ({ flags: [`--socket=${socket}`], says: /--socket/ })),
  ...['0', '-1', 'x', '1.5', '4294967296'].map((id) => ({ flags: [`--table-id=${id}`], says: /--table-id/ })),
  ...['4', '256', ''].map((id) => ({ flags: [`--protocol-id=${id}`], says: /--protocol-id/ })),
  ...['253', '254', '255'].map((id) => ({ flags: [`--table-id=${id}`], says: /--table-id .* kernel/ })),
  ...['0', '10', '-1m', 'soon'].map((interval) => ({
    flags: [`--scan-interval=${interval}`],
    says: /--scan-interval/,
  })),
  { flags: ['--address-rest=-1s'], says: /--address-rest/ },
  { flags: ['--store=consul'], says: /--store takes etcd or sqlite:PATH/ },
  { flags: ['--store=sqlite:'], says: /--store takes etcd or sqlite:PATH/ },
  { flags: ['--store=etcd', '--etcd-endpoints=127.0.0.1 2379'], says: /--etcd-endpoints/ },
  { flags: ['--store=etcd', '--etcd-tls-ca=/not/there'], says: /--etcd-tls-ca/ },
  { flags: ['--store=etcd', '--etcd-timeout=0'], says: /--etcd-timeout/ },
  { flags: ['--loglevel=loud'], says: /--loglevel/ },
  { flags: ['--logformat=xml'], says: /--logformat/ },
  { flags: ['--no-such-flag'], says: /no-such-flag/ },
  { flags: ['stray'], says: /stray/ },
];

describe('coild does not start', { skip: needsRoot, concurrency: 4 }, () => {
  let node: NodeUnderTest;
  let files: readonly string[];
  before(async () => {
    node = await NodeUnderTest.create(DATASTORES.sqlite);
    files = await readdir(node.folder);
  });
  after(async () => {
    await using _node = node;
    assert.deepEqual(await readdir(node.folder), files, 'no file was made');
  });

  for (const { flags = [], env = NODE, says } of BAD_STARTS) {
    test(`with ${flags.join(' ').slice(0, 60) || JSON.stringify(env)}: a usage error that names it`, async () => {
      const coild = node.spawnCoild(flags, env);
      assert.equal(await coild.ended(), 2, coild.output);
      assert.match(coild.output, says);
    });
  }
});

describe('coild does not go on', { skip: needsRoot }, () => {
  let node: NodeUnderTest;
  before(async () => {
    node = await NodeUnderTest.create(DATASTORES.sqlite);
  });
  after(() => node[Symbol.asyncDispose]());

  test('where another process has the port, and says so', async () => {
    const busy = createServer();
    const listening = once(busy, 'listening');
    withNetns(node.netns.path, () => void busy.listen(9383));
    await listening;
    try {
      const coild = node.spawnCoild([]);
      assert.equal(await coild.ended(), 1);
      const [failure] = coild.log.filter(({ severity }) => severity === 'error');
      assert.equal(failure?.message, 'coild cannot go on');
      assert.match(String(failure?.error), /REST API at 127\.0\.0\.1:9383 \(--http\).*: .*EADDRINUSE/);
      assert.equal((await readdir(node.folder)).includes('coild.sock'), false);
    } finally {
      busy.close();
    }
  });

  test('where something that is no socket has the name of its socket, which stays', async () => {
    await writeFile(node.socket, 'kept');
    const coild = node.spawnCoild(['--http=']);
    assert.equal(await coild.ended(), 1);
    assert.match(coild.output, /coild\.sock is there already, and is not a socket/);
    assert.equal(await readFile(node.socket, 'utf8'), 'kept');
  });

  test('where the datastore cannot be opened, which it names', async () => {
    const coild = node.spawnCoild(['--store=sqlite:/not/there/coil.db', '--http=']);
    assert.equal(await coild.ended(), 1);
    assert.match(coild.output, /\/not\/there\/coil\.db cannot be created: the folder \/not\/there does not exist/);
  });
});

describe('coild starts', { skip: needsRoot }, () => {
  test('with --http= and nothing listens on TCP', async () => {
    await using node = await NodeUnderTest.start(DATASTORES.sqlite, '--http=');
    assert.equal((await node.run('/usr/bin/ss', '-Hltn')).stdout, '');
  });

  test('with --http=[::1]:1234 and serves there', async () => {
    await using node = await NodeUnderTest.start(DATASTORES.sqlite, '--http=[::1]:1234');
    const to = { host: '::1', port: 1234 };
    const [answer] = await makeRequests(node.netns.path, { to, requests: [{ path: '/status' }] });
    assert.equal(answer?.status, 200);
  });

  test('with --http=:9383 and serves at all addresses of both families; only root may change anything', async () => {
    await using node = await NodeUnderTest.create(DATASTORES.sqlite);
    await node.netns.ip('addr add 192.0.2.7/32 dev lo');
    await node.startCoild('--http=:9383');
    const body = (id: string) => `{"pod-namespace":"default","pod-name":"a","container-id":"${id}"}`;
    for (const host of ['127.0.0.1', '::1', '192.0.2.7']) {
      const to = { host, port: 9383 };
      const requests = [{ method: 'POST', path: '/ip', body: body(host) }, { path: '/status' }];
      const statuses = async (uid?: number) =>
        (await makeRequests(node.netns.path, { to, requests, ...(uid === undefined ? {} : { uid }) })).map(
          ({ status }) => status,
        );
      assert.deepEqual(await statuses(65534), [403, 200], host);
      assert.deepEqual(await statuses(), [200, 200], host);
    }
  });

  test('with a socket in a folder that it makes, for root alone', async () => {
    await using node = await NodeUnderTest.create(DATASTORES.sqlite);
    await mkdir(join(node.folder, 'run'));
    await chmod(join(node.folder, 'run'), 0o755);
    const socket = join(node.folder, 'run/coil/coild.sock');
    const coild = await node.startCoild('--http=', `--socket=${socket}`);
    const to = { socketPath: socket };
    const [answer] = await makeRequests(node.netns.path, { to, requests: [{ path: '/status' }] });
    assert.equal(answer?.status, 200);
    assert.equal(await coild.stop(), 0);
  });

  test('and no password is in its log', async () => {
    await using node = await NodeUnderTest.create(DATASTORES.sqlite);
    const flags = ['--store=etcd', '--etcd-endpoints=http://127.0.0.1:1', '--etcd-username=coil'];
    const coild = node.spawnCoild([...flags, '--etcd-password=hunter2', '--http=', '--loglevel=debug']);
    await coild.logged('cannot read the state of this node from the datastore; trying again');
    await coild.stop();
    assert.doesNotMatch(coild.output, /hunter2|\\n\s+at /);
  });
});
