import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { EtcdClient } from '../../src/store/etcd/etcd-client.ts';
import { put, revisionOf } from '../../src/store/etcd/transaction.ts';
import { type WatchEvent, WatchStream } from '../../src/store/etcd/watch-stream.ts';
import { fails, soon } from '../contract/store-fixture.ts';
import { EtcdFixture } from './etcd-fixture.ts';
import { EtcdServer } from './etcd-server.ts';

let server: EtcdServer;
before(async () => {
  server = await EtcdServer.start();
});
after(async () => await server[Symbol.asyncDispose]());

test('history that was compacted ends the stream by an error', { timeout: 30_000 }, async () => {
  await using fixture = new EtcdFixture(server);
  await using client = new EtcdClient({ endpoints: [server.url] });
  const first = revisionOf(await client.transact('put', { success: [put(`${fixture.prefix}a/1`, 'x')] }, soon()));
  const last = revisionOf(await client.transact('put', { success: [put(`${fixture.prefix}a/1`, 'y')] }, soon()));
  await fixture.etcd.kv.compact({ revision: last, physical: true });
  using stream = await WatchStream.open(client, { what: 'watch', maxWaiting: 10 }, soon());
  stream.watch(`${fixture.prefix}a/`, `${fixture.prefix}a0`, first);
  await fails(stream[Symbol.asyncIterator]().next(), 'store-unavailable', /compacted/);
});

test('watches are told apart, also when they come and go quickly', { timeout: 30_000 }, async () => {
  await using fixture = new EtcdFixture(server);
  await using client = new EtcdClient({ endpoints: [server.url] });
  using stream = await WatchStream.open(client, { what: 'watch', maxWaiting: 1000 }, soon());
  const write = async (key: string, value: string) =>
    revisionOf(await client.transact('put', { success: [put(fixture.prefix + key, value)] }, soon()));
  const start = await write('z', '');
  const watches = ['a', 'b', 'c', 'd'].map((name) =>
    stream.watch(`${fixture.prefix}${name}/`, `${fixture.prefix}${name}0`, start),
  );
  // before etcd confirmed it, and after
  stream.unwatch(watches[1]!);
  for (const name of ['a', 'b', 'c', 'd']) await write(`${name}/1`, 'first');
  const seen: string[] = [];
  for await (const event of stream) {
    seen.push(describe(event));
    if (seen.length === 3) break;
  }
  stream.unwatch(watches[0]!);
  for (const name of ['a', 'b', 'c', 'd']) await write(`${name}/1`, 'second');
  for await (const event of stream) {
    seen.push(describe(event));
    if (seen.length === 5) break;
  }
  assert.deepEqual(seen.slice(0, 3).sort(), ['0 first', '2 first', '3 first']);
  assert.deepEqual(seen.slice(3).sort(), ['2 second', '3 second']);

  function describe({ watch, entry }: WatchEvent): string {
    return `${watches.indexOf(watch)} ${entry.value}`;
  }
});
