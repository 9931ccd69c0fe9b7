import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { EtcdIpamStore } from '../../src/store/etcd/etcd-ipam-store.ts';
import type { NodeHolder } from '../../src/store/node-sessions.ts';
import { soon } from '../contract/store-fixture.ts';
import { EtcdFixture } from './etcd-fixture.ts';
import { EtcdServer } from './etcd-server.ts';

const holder = (id: string, bootId: string): NodeHolder => ({
  ...{ id, bootId, host: `host of ${bootId}`, version: '2.0.0', since: '2026-11-22T12:00:00Z' },
});
const [here, there] = [holder('a', 'here'), holder('b', 'there')];

describe('the session of a node', () => {
  let server: EtcdServer;
  let fixture: EtcdFixture;
  let first: EtcdIpamStore;
  let second: EtcdIpamStore;
  before(async () => {
    server = await EtcdServer.start();
    fixture = new EtcdFixture(server);
    [first, second] = [await fixture.open(), await fixture.open()];
  });
  after(async () => {
    await fixture[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  test("is one machine's, who is told to others, until it is given back", async () => {
    assert.deepEqual(await first.sessions.hold('n1', here, soon()), { outcome: 'held' });
    const taken = { outcome: 'taken', by: { bootId: 'here', host: here.host, since: here.since } };
    assert.deepEqual(await second.sessions.hold('n1', there, soon()), taken);
    assert.deepEqual(await first.sessions.hold('n1', here, soon()), { outcome: 'held' }, 'again');
    assert.deepEqual(await second.sessions.hold('n2', there, soon()), { outcome: 'held' }, 'another node');
    await second.sessions.end('n1', soon());
    assert.deepEqual(await second.sessions.hold('n1', there, soon()), taken, 'it was not theirs to end');
    await first.sessions.end('n1', soon());
    await first.sessions.end('n1', soon());
    assert.deepEqual(await second.sessions.hold('n1', there, soon()), { outcome: 'held' });
    assert.equal((await first.sessions.hold('n1', here, soon())).outcome, 'taken');
  });

  test('goes over at once within one boot, as the process of before has ended', async () => {
    await first.sessions.hold('n3', here, soon());
    const next = holder('c', 'here');
    assert.deepEqual(await second.sessions.hold('n3', next, soon()), { outcome: 'held' });
    // the lease of before ends; the key is under another one
    await first.sessions.end('n3', soon());
    assert.equal((await first.sessions.hold('n3', there, soon())).outcome, 'taken');
  });

  for (const [what, value] of [
    ['that is no JSON', 'no JSON'],
    ['without a boot', '{"host":"host of here"}'],
    // as somebody copied it, who does not copy leases
    ['on no lease', JSON.stringify({ ...there, boot_id: 'there' })],
  ] as const) {
    test(`${what} is left alone, and told with its key, until somebody deletes it`, async () => {
      await fixture.keys.put('node/n5').value(value);
      for (const holder of [here, there]) {
        const held = await first.sessions.hold('n5', holder, soon());
        assert.ok(held.outcome === 'unreadable');
        assert.match(held.error.message, new RegExp(`^${fixture.prefix}node/n5: `));
      }
      assert.equal(await fixture.keys.get('node/n5').string(), value);
      await fixture.keys.delete().key('node/n5');
      assert.deepEqual(await first.sessions.hold('n5', here, soon()), { outcome: 'held' });
      await first.sessions.end('n5', soon());
    });
  }

  test('of two that take it at the same time one gets it', async () => {
    const outcomes = await Promise.all([
      first.sessions.hold('n4', here, soon()),
      second.sessions.hold('n4', there, soon()),
    ]);
    assert.deepEqual(outcomes.map(({ outcome }) => outcome).sort(), ['held', 'taken']);
  });
});
