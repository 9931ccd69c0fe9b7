import assert from 'node:assert/strict';
import { chmod, chown, mkdir, mkdtemp, readdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { AttachmentRequest, FullAttachmentRequest } from '../cni/cni-request.ts';
import { encodeSpooled, spoolFileName } from '../cni/spooled-del.ts';
import { CoilError } from '../model/error.ts';
import { Backoff } from '../process/backoff.ts';
import { RecordingLogger } from '../process/recording-logger.ts';
import { DelSpool } from './del-spool.ts';

const NETCONF = '{"cniVersion":"1.1.0","name":"k8s","type":"coil"}';
const NAME = spoolFileName('c0ffee', 'eth0');

function callBytes(changes: Readonly<Record<string, string>> = {}, netconf = NETCONF): Buffer {
  const body = Buffer.from(netconf);
  const headers = { 'CNI-Command': 'DEL', 'CNI-Containerid': 'c0ffee', 'CNI-Ifname': 'eth0' };
  return encodeSpooled({ headers: { 'Content-Length': String(body.length), ...headers, ...changes }, body });
}

describe('the spool of DELs', () => {
  let folder: string;
  let logger: RecordingLogger;
  let dels: string[];
  let fail: (request: AttachmentRequest) => Promise<void>;
  let stop: AbortController;
  let running: Promise<void>;
  let spool: DelSpool;

  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'coil-test-')), 'spool');
    await mkdir(folder, { mode: 0o700 });
    logger = new RecordingLogger();
    dels = [];
    fail = async () => undefined;
    stop = new AbortController();
    running = Promise.resolve();
    const sleep = async (_ms: number, signal: AbortSignal) => {
      await new Promise(setImmediate);
      signal.throwIfAborted();
    };
    const attacher = {
      del: async (request: AttachmentRequest) => {
        dels.push(`${request.containerId}/${request.ifname}`);
        await fail(request);
      },
    };
    const backoff = new Backoff({ baseMs: 1, maxMs: 1 }, { sleep });
    spool = new DelSpool({ folder, lookMs: 1, backoff }, { attacher, now: () => new Date(), logger });
  });
  afterEach(async () => {
    stop.abort();
    await running;
    await rm(join(folder, '..'), { recursive: true });
  });

  const start = () => {
    running = spool.run(stop.signal);
  };
  const add = (containerId = 'other') =>
    spool
      .before({
        add: async () => {
          dels.push('ADD');
          return { netns: '', links: undefined as never, addresses: [] };
        },
        del: async () => undefined,
        check: async () => undefined,
      })
      .add({ containerId, ifname: 'eth0' } as FullAttachmentRequest, AbortSignal.timeout(5_000));
  /** Waits until there is nothing else but `names`. */
  const becomes = async (...names: readonly string[]) => {
    const until = performance.now() + 5_000;
    for (;;) {
      const found = (await readdir(folder)).sort();
      if (found.join() === [...names].sort().join()) return;
      assert.ok(performance.now() < until, `found ${found}, not ${names}`);
      await new Promise(setImmediate);
    }
  };

  test('does each DEL, and removes it', async () => {
    await writeFile(join(folder, NAME), callBytes(), { mode: 0o600 });
    const second = callBytes({ 'CNI-Ifname': 'net1' });
    await writeFile(join(folder, spoolFileName('c0ffee', 'net1')), second, { mode: 0o600 });
    start();
    await becomes();
    assert.deepEqual(dels.sort(), ['c0ffee/eth0', 'c0ffee/net1']);
  });

  test('does one that comes later, and the folder with it', async () => {
    await rm(folder, { recursive: true });
    start();
    await add();
    await mkdir(folder, { mode: 0o700 });
    await writeFile(join(folder, NAME), callBytes(), { mode: 0o600 });
    await becomes();
    assert.deepEqual(dels, ['ADD', 'c0ffee/eth0']);
  });

  test('tries again where a DEL fails, and keeps the file until it is done', async () => {
    await writeFile(join(folder, NAME), callBytes(), { mode: 0o600 });
    fail = async () => {
      if (dels.length < 3) throw new CoilError('store-unavailable', 'etcd');
      assert.deepEqual(await readdir(folder), [NAME]);
    };
    start();
    await becomes();
    assert.equal(dels.length, 3);
    assert.equal(logger.records.filter(({ message }) => message.includes('will try again')).length, 2);
  });

  test('does not remove what took the place of a file while it was done', async () => {
    await writeFile(join(folder, NAME), callBytes(), { mode: 0o600 });
    fail = async () => {
      if (dels.length > 1) return;
      await writeFile(join(folder, 'partial'), callBytes(), { mode: 0o600 });
      await rename(join(folder, 'partial'), join(folder, NAME));
    };
    start();
    await becomes();
    assert.equal(dels.length, 2);
  });

  test('an ADD comes after what was spooled before the start', async () => {
    await writeFile(join(folder, NAME), callBytes(), { mode: 0o600 });
    const adding = add();
    start();
    await adding;
    assert.deepEqual(dels, ['c0ffee/eth0', 'ADD']);
  });

  test('an ADD comes after a DEL of the same interface that was spooled later, and fails with it', async () => {
    start();
    await add();
    stop.abort(); // only the ADD looks from now on
    await running;
    await writeFile(join(folder, NAME), callBytes(), { mode: 0o600 });
    fail = () => Promise.reject(new CoilError('store-unavailable', 'etcd'));
    await assert.rejects(add('c0ffee'), /etcd/);
    fail = async () => undefined;
    await add('c0ffee');
    assert.deepEqual(dels, ['ADD', 'c0ffee/eth0', 'c0ffee/eth0', 'ADD']);
    await becomes();
  });

  for (const [what, bytes] of [
    ['empty', ''],
    ['cut off', callBytes({}, `${NETCONF} `).subarray(0, -1)],
    ['no HTTP', 'x'.repeat(1000)],
    ['a head alone', callBytes().subarray(0, callBytes().indexOf('\r\n\r\n'))],
    [
      'an ADD',
      callBytes({ 'CNI-Command': 'ADD', 'CNI-Netns': '/x', 'CNI-Args': 'K8S_POD_NAMESPACE=a;K8S_POD_NAME=b' }),
    ],
    ['a call that is refused', callBytes({ 'CNI-Containerid': '../../etc' })],
    ['too large', callBytes({}, NETCONF.padEnd(32 * 1024))],
  ] as const) {
    test(`a file that is ${what} is moved aside, and the others are done`, async () => {
      const bad = spoolFileName('bad', 'eth0');
      await writeFile(join(folder, bad), bytes, { mode: 0o600 });
      await writeFile(join(folder, NAME), callBytes(), { mode: 0o600 });
      start();
      await becomes(`${bad}.bad`);
      assert.deepEqual(dels, ['c0ffee/eth0']);
      assert.equal(logger.records.filter(({ level }) => level === 'error').length, 1);
    });
  }

  for (const [what, make] of [
    ['others may write to', (path: string) => writeFile(path, callBytes()).then(() => chmod(path, 0o620))],
    [
      'is a link',
      async (path: string) => {
        await writeFile(join(path, '../../elsewhere'), callBytes(), { mode: 0o600 });
        await symlink('../elsewhere', path);
      },
    ],
    ['is a folder', (path: string) => mkdir(path)],
  ] as const) {
    test(`a file that ${what} is moved aside`, async () => {
      await make(join(folder, NAME));
      start();
      await becomes(`${NAME}.bad`);
      assert.deepEqual(dels, []);
    });
  }

  test('a file of another user is moved aside', { skip: process.getuid?.() !== 0 && 'needs root' }, async () => {
    await writeFile(join(folder, NAME), callBytes(), { mode: 0o600 });
    await chown(join(folder, NAME), 65_534, 65_534);
    start();
    await becomes(`${NAME}.bad`);
    assert.deepEqual(dels, []);
  });

  test('a folder that others may write to is not read, which is said once', async () => {
    await chmod(folder, 0o770);
    await writeFile(join(folder, NAME), callBytes(), { mode: 0o600 });
    start();
    await add();
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 1));
    assert.deepEqual(dels, ['ADD']);
    assert.equal(logger.records.filter(({ level }) => level === 'error').length, 1);
    await chmod(folder, 0o700);
    await becomes();
  });

  test('what a killed plugin left is removed after a minute, and what others put there never', async () => {
    const old = new Date(Date.now() - 120_000);
    for (const name of ['0123456789abcdef.77.tmp', '0123456789abcdee.del.bad', 'README', '0123456789abcdef.x.tmp']) {
      await writeFile(join(folder, name), 'x');
      await utimes(join(folder, name), old, old);
    }
    await writeFile(join(folder, '0123456789abcdef.78.tmp'), 'x');
    start();
    await becomes('0123456789abcdee.del.bad', 'README', '0123456789abcdef.x.tmp', '0123456789abcdef.78.tmp');
  });
});
