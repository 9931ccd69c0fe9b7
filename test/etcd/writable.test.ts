import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Etcd3, Range } from 'etcd3';
import { EtcdIpamStore } from '../../src/store/etcd/etcd-ipam-store.ts';
import { allocated, assignmentOf, fails, poolOf, soon } from '../contract/store-fixture.ts';
import { EtcdFixture } from './etcd-fixture.ts';
import { EtcdServer } from './etcd-server.ts';

const QUOTA = 2 * 1024 * 1024;
const PERMISSIONS = [
  ['root', undefined],
  ['reader', 'Read'],
  ['writer', 'Readwrite'],
] as const;

/** Writes until etcd refuses that. It looks at the size of its file, which it writes every 100 ms. */
async function fill(server: EtcdServer): Promise<void> {
  const etcd = new Etcd3({ hosts: server.url });
  try {
    for (let i = 0; i < 400; i++) await etcd.put(`ballast/${i}`).value('x'.repeat(QUOTA / 8));
  } finally {
    etcd.close();
  }
}

test('an etcd out of space can be read, and a try to change something says why it cannot', async () => {
  await using server = await EtcdServer.start(`--quota-backend-bytes=${QUOTA}`);
  await using fixture = new EtcdFixture(server);
  await using store = await fixture.open();
  await store.createPool('default', poolOf(4, '10.0.0.0/24'), soon());
  await store.checkWritable(soon());
  await assert.rejects(fill(server), /space exceeded/);
  const before = await fixture.dump();
  assert.equal((await store.listPools(soon())).size, 1);
  await fails(store.createPool('other', poolOf(4, '10.1.0.0/24'), soon()), 'store-unavailable', /space exceeded/);
  await fails(store.checkWritable(soon()), 'store-unavailable', /cannot change anything: .*space exceeded/);
  assert.deepEqual(await fixture.dump(), before);
});

test('in an etcd out of space a node is read, and gives its addresses back', async () => {
  await using server = await EtcdServer.start(`--quota-backend-bytes=${QUOTA}`);
  await using fixture = new EtcdFixture(server);
  await using store = await fixture.open({ node: 'node1' });
  await store.createPool('default', poolOf(4, '10.0.0.0/24'), soon());
  const { block } = await store.acquireBlock({ node: 'node1', pool: 'default', family: 4 }, soon());
  const add = async (offset: number) =>
    allocated(
      await store.allocate(
        { node: 'node1', slots: [{ block, offset }], assignment: assignmentOf(`c${offset}`) },
        soon(),
      ),
    )[0]!;
  const records = [await add(0), await add(1)];
  await assert.rejects(fill(server), /space exceeded/);
  // ends the term
  await fails(add(2), 'store-unavailable', /space exceeded/);
  assert.equal((await store.free([records[0]!], soon())).outcome, 'freed');
  await using next = await fixture.open({ node: 'node1' });
  assert.equal((await store.listAddresses(block, soon())).length, 1);
  assert.equal((await next.free([records[1]!], soon())).outcome, 'freed');
  assert.equal((await store.listAddresses(block, soon())).length, 0);
});

test('so it does to a user who may only read', async () => {
  await using server = await EtcdServer.start();
  const admin = new Etcd3({ hosts: server.url });
  try {
    for (const [name, permission] of PERMISSIONS) {
      await admin.role(name).create();
      // root may do everything
      if (permission) await admin.role(name).grant({ permission, range: Range.prefix('/coil/') });
      await admin.user(name).create('secret');
      await admin.user(name).addRole(name);
    }
    await admin.auth.authEnable();
  } finally {
    admin.close();
  }
  const open = (username: string) => new EtcdIpamStore({ endpoints: [server.url], username, password: 'secret' });
  await using reader = open('reader');
  assert.equal((await reader.listPools(soon())).size, 0);
  await fails(reader.checkWritable(soon()), 'store-unavailable', /permission denied/);
  await using writer = open('writer');
  await writer.checkWritable(soon());
});
