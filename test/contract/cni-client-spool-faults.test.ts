import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { builds } from './build-launcher.ts';
import { asProcess } from './cni-client.ts';
import { NETCONF } from './cni-client-case.ts';
import { DEL, DEL_FILE, spooledDel } from './cni-client-spool-cases.ts';
import { FakeCoild } from './fake-coild.ts';

// What the table of cases cannot say: a disk that is full, read-only or broken, a plugin that is killed, and order.

const folder = await mkdtemp(join(tmpdir(), 'coil-test-'));
after(() => rm(folder, { recursive: true }));
const launcher = await builds.launcher();
const commands = {
  'launcher/coil.c': [launcher],
  'src/programs/coil.ts': [process.execPath, join(import.meta.dirname, 'run-coil.ts')],
};
/** The client in a mount namespace of its own, then what is left in the spool, on standard error. */
const MOUNTED = `mount -t tmpfs -o "$1" tmpfs "$0" || exit 2
path=$0; shift; "$@"; status=$?
ls -A "$path/coild.sock.spool" >&2 2>/dev/null
exit $status`;

/**
 * The client beside a file system that is frozen: what would change it waits, and no signal ends that. What is printed
 * ends when nobody has it open any more; that is not waited for longer than until the file system is thawed.
 */
const FROZEN = `exec 3<&0
truncate --size=8M "$0/disk.img" && mkfs.ext4 -q "$0/disk.img" && mkdir "$0/disk" || exit 2
mount -o loop "$0/disk.img" "$0/disk" && mkfifo "$0/printed" || exit 2
fsfreeze --freeze "$0/disk"
"$@" <&3 >"$0/printed" &
timeout 20 cat "$0/printed"
fsfreeze --unfreeze "$0/disk"`;
const HANGS_MS = 15_000;
const loopMissing = !existsSync('/dev/loop-control') && 'needs loop devices';

for (const [name, command] of Object.entries(commands)) {
  describe(`${name} where its spool`, { skip: needsRoot }, () => {
    const call = async (options: string, pad = '') => {
      const client = asProcess('unshare', '--mount', 'sh', '-c', MOUNTED, folder, options, ...command);
      const stdin = NETCONF(`unix://${folder}/coild.sock`).replace(/}$/, `,"pad":"${pad}"}`);
      const { exitStatus, stdout, stderr } = await client({
        argv: [],
        env: { ...DEL, PATH: process.env.PATH! },
        stdin,
      });
      return { exitStatus, printed: stdout.toString(), left: stderr };
    };
    const page = 'x'.repeat(4096);

    test('has room for the call, keeps it', async () => {
      assert.deepEqual(await call('size=8k', page), { exitStatus: 0, printed: '', left: `${DEL_FILE}\n` });
    });

    for (const [what, options, reason] of [
      ['is full after the first bytes', 'size=4k', 'No space left on device'],
      ['is full before them', 'nr_inodes=2', 'No space left on device'],
      ['cannot be made', 'nr_inodes=1', 'No space left on device'],
      ['is read-only', 'ro', 'Read-only file system'],
    ] as const) {
      test(`${what}, fails, says so, and leaves nothing`, async () => {
        const { exitStatus, printed, left } = await call(options, page);
        const { code, details } = JSON.parse(printed);
        assert.equal(code, 11);
        assert.match(details, new RegExp(`kept for later in ${folder}/coild.sock.spool: ${reason}; is coild running`));
        assert.deepEqual([exitStatus, left], [1, '']);
      });
    }
  });
}

for (const [name, command] of Object.entries(commands)) {
  test(`${name} does not wait for a coild that hangs as long for a DEL as for an ADD`, async () => {
    await using coild = await FakeCoild.listen({ after: 'hang' });
    const ended: string[] = [];
    const call = async (env: typeof DEL) => {
      const [file = '', ...args] = command;
      await asProcess(file, ...args)({ argv: [], env, stdin: NETCONF(coild.address) });
      ended.push(env.CNI_COMMAND);
    };
    await Promise.all([call({ ...DEL, CNI_COMMAND: 'ADD' }), call(DEL)]);
    assert.deepEqual(ended, ['DEL', 'ADD']);
  });

  test(`${name} fails where a sync fails, and says so`, async () => {
    const stdin = NETCONF(`unix://${folder}/unsynced/coild.sock`);
    const client = asProcess(await builds.failFsync(), '-1', ...command);
    const { exitStatus, stdout } = await client({ argv: [], env: DEL, stdin });
    assert.match(JSON.parse(stdout.toString()).details, /coild\.sock\.spool: I\/O error; is coild running/i);
    assert.equal(exitStatus, 1);
  });
}

test('launcher/coil.c answers where the file system of its spool hangs', {
  skip: needsRoot || loopMissing,
}, async () => {
  const stdin = NETCONF(`unix://${folder}/disk/coild.sock`);
  const client = asProcess('unshare', '--mount', 'sh', '-c', FROZEN, folder, launcher);
  const start = performance.now();
  const { stdout } = await client({ argv: [], env: { ...DEL, PATH: process.env.PATH! }, stdin });
  const { code, msg, details } = JSON.parse(stdout.toString());
  assert.deepEqual([code, msg], [11, `coild did not answer at unix://${folder}/disk/coild.sock`]);
  assert.match(details, /^connect: .* kept for later in .*\.spool: the file system does not answer; is coild running/);
  const ms = performance.now() - start;
  assert.ok(ms < HANGS_MS, `${ms} ms`);
});

test('launcher/coil.c syncs the file, and the folder', async () => {
  const socket = join(folder, 'synced', 'coild.sock');
  const left: string[] = [];
  for (let fd = 3; fd < 8; fd++) {
    await rm(join(folder, 'synced'), { recursive: true, force: true });
    const client = asProcess(await builds.failFsync(), String(fd), launcher);
    const { exitStatus } = await client({ argv: [], env: DEL, stdin: NETCONF(`unix://${socket}`) });
    if (exitStatus === 1) left.push((await readdir(`${socket}.spool`)).join());
  }
  // in the order of their descriptors: the folder, when the file has its name, and the file, when it has not
  assert.deepEqual(left, [DEL_FILE, '']);
});

test('launcher/coil.c, killed at any of its system calls, leaves a whole file or none that counts', async () => {
  const socket = join(folder, 'killed', 'coild.sock');
  const netconf = NETCONF(`unix://${socket}`).replace(/}$/, `,"pad":"${'x'.repeat(16_384)}"}`);
  const killer = await builds.killAtSyscall();
  const seen = new Set<string>();
  for (let calls = 1, killed = true; killed; calls++) {
    await rm(join(folder, 'killed'), { recursive: true, force: true });
    const client = asProcess(killer, String(calls), launcher);
    const { exitStatus, stdout } = await client({ argv: [], env: DEL, stdin: netconf });
    killed = exitStatus === 137;
    if (!killed) assert.deepEqual([exitStatus, stdout.toString()], [0, '']);
    const names = await readdir(`${socket}.spool`).catch(() => []);
    seen.add(names.map((name) => name.replace(/\d+\.tmp$/, 'tmp')).join());
    for (const name of names.filter((name) => name.endsWith('.del'))) {
      assert.equal(await readFile(join(`${socket}.spool`, name), 'utf8'), spooledDel(netconf), `call ${calls}`);
    }
    // what was left does not hinder the next
    const again = await asProcess(launcher)({ argv: [], env: DEL, stdin: netconf });
    assert.deepEqual([again.exitStatus, again.stdout.toString()], [0, '']);
    assert.equal(await readFile(join(`${socket}.spool`, DEL_FILE), 'utf8'), spooledDel(netconf));
  }
  assert.deepEqual([...seen], ['', `${DEL_FILE.slice(0, 16)}.tmp`, DEL_FILE]);
});
