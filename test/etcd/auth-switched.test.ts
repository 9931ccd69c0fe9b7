import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Etcd3 } from 'etcd3';
import { EtcdIpamStore } from '../../src/store/etcd/etcd-ipam-store.ts';
import { blockFor, fails, poolOf, soon } from '../contract/store-fixture.ts';
import { EtcdServer } from './etcd-server.ts';

const USER = { username: 'root', password: 'secret' };

test('authentication may be switched on and off while a user is at work', { timeout: 60_000 }, async () => {
  await using server = await EtcdServer.start();
  await using store = new EtcdIpamStore({ endpoints: [server.url], ...USER });
  await store.createPool('default', poolOf(4, '10.0.0.0/24'), soon());
  const changes = store.watchNode('node1', soon())[Symbol.asyncIterator]();
  assert.equal((await changes.next()).value?.kind, 'snapshot');

  const before = new Etcd3({ hosts: server.url });
  await before.role('root').create();
  await before.user('root').create('secret');
  await before.user('root').addRole('root');
  await before.auth.authEnable();
  before.close();
  await blockFor(store, 'node1', 'default');
  assert.equal((await changes.next()).value?.kind, 'block');
  await changes.return?.();
  const again = store.watchNode('node1', soon())[Symbol.asyncIterator]();
  assert.equal((await again.next()).value?.kind, 'snapshot');
  await again.return?.();
  await using wrong = new EtcdIpamStore({ endpoints: [server.url], ...USER, password: 'wrong' });
  await fails(wrong.listPools(soon()), 'store-unavailable', /authentication failed/);

  const after = new Etcd3({ hosts: server.url, auth: USER });
  await after.auth.authDisable();
  after.close();
  assert.equal((await store.listNodeBlocks('node1', soon())).length, 1);
  await wrong.listPools(soon());
});
