import assert from 'node:assert/strict';
import { readlinkSync } from 'node:fs';
import { mkdtemp, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { getLink } from '../../src/netlink/links.ts';
import { NetlinkError } from '../../src/netlink/netlink-error.ts';
import { NetlinkSocket } from '../../src/netlink/netlink-socket.ts';
import { Netns, ownNetns, withNetns } from '../../src/netlink/netns.ts';
import { needsRoot, TestNetns } from './kernel-fixture.ts';

const OWN = '/proc/thread-self/ns/net';

test('a function runs inside of a namespace, and the thread comes back, also from a failure', {
  skip: needsRoot,
}, async () => {
  await using netns = await TestNetns.create();
  const before = await readlink('/proc/self/ns/net');
  const inside = withNetns(netns.path, () => readlinkSync(OWN));
  assert.notEqual(inside, before);
  assert.equal(readlinkSync(OWN), before);
  assert.throws(
    () =>
      withNetns(netns.path, () => {
        assert.equal(readlinkSync(OWN), inside);
        throw new Error('inside');
      }),
    /inside/,
  );
  assert.equal(readlinkSync(OWN), before);
});

test('a socket stays in the namespace that it was opened in', { skip: needsRoot }, async () => {
  await using netns = await TestNetns.create();
  await netns.ip('link add only-here type bridge');
  await using socket = NetlinkSocket.openAt(netns.path);
  await using own = NetlinkSocket.open();
  assert.equal((await socket.request(getLink('only-here'))).kind, 'bridge');
  await assert.rejects(own.request(getLink('only-here')), (error) => NetlinkError.is(error, 'ENODEV'));
});

test('namespaces are compared by what they are, not by path', { skip: needsRoot }, async () => {
  await using netns = await TestNetns.create();
  using one = Netns.open(netns.path);
  using same = Netns.open(`/proc/self/fd/${one.fd}`);
  using own = ownNetns();
  assert.ok(one.equals(same));
  assert.ok(!one.equals(own));
});

test('what is not a network namespace is refused, with the path and a code', { skip: needsRoot }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'coil-netns-'));
  try {
    const file = join(folder, 'file');
    await writeFile(file, '');
    for (const [path, code] of [
      [join(folder, 'missing'), 'ENOENT'],
      [join(file, 'below'), 'ENOTDIR'],
      [file, 'EINVAL'],
      [folder, 'EINVAL'],
      ['/proc/self/ns/uts', 'EINVAL'],
    ] as const) {
      assert.throws(
        () => withNetns(path, () => assert.fail('ran')),
        (error) => NetlinkError.is(error, code) && error.message.includes(path),
      );
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
