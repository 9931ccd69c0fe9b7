import assert from 'node:assert/strict';
import { AddressPool } from '../../src/model/address-pool.ts';
import { CoilError } from '../../src/model/error.ts';
import { IpPrefix } from '../../src/model/ip-prefix.ts';
import { at, journalTest, MERGE, owned } from './journal-fixture.ts';

const news = (revision: number, isOwned: boolean) => ({ kind: 'block', ...owned, revision, owned: isOwned }) as const;

journalTest('a block that was acquired anew stays, whatever the watch tells late of before', (journal, { blocks }) => {
  journal.write((tables) => tables.ownBlock({ ...owned, revision: 12 }));
  journal.write((tables) => tables.apply(news(11, false)));
  assert.deepEqual(blocks(), ['10.0.0.0/30']);
  journal.write((tables) => tables.apply(news(13, false)));
  assert.deepEqual(blocks(), []);
});

journalTest('a block that was returned stays away, whatever the watch tells late of before', (journal, { blocks }) => {
  journal.write((tables) => tables.ownBlock({ ...owned, revision: 12 }));
  journal.write(({ mirror }) => mirror.leaveBlock(owned.block));
  journal.write((tables) => tables.returnBlock(owned.block, 14));
  journal.write((tables) => tables.apply(news(12, true)));
  assert.deepEqual(blocks(), []);
});

journalTest('a snapshot does not take back what was answered since', (journal, { blocks }) => {
  journal.write((tables) => tables.ownBlock({ ...owned, revision: 12 }));
  journal.write((tables) => tables.merge(at(11, []), MERGE));
  assert.deepEqual(blocks(), ['10.0.0.0/30']);
  journal.write((tables) => tables.merge(at(12, []), MERGE));
  assert.deepEqual(blocks(), []);
});

journalTest('a block that is being returned is not used, though a snapshot has it', (journal, { blocks }) => {
  journal.write((tables) => tables.merge(at(11), MERGE));
  journal.write(({ mirror }) => mirror.leaveBlock(owned.block));
  journal.write((tables) => tables.merge(at(12), { ...MERGE, isReturning: () => true }));
  assert.deepEqual(blocks(), []);
});

journalTest('one whose return nobody heard of is whose a snapshot says it is', (journal, { blocks }) => {
  journal.write((tables) => tables.merge(at(11), MERGE));
  journal.write(({ mirror }) => mirror.leaveBlock(owned.block));
  assert.deepEqual(blocks(), []);
  journal.write((tables) => tables.merge(at(12), MERGE));
  assert.deepEqual(blocks(), ['10.0.0.0/30']);
});

journalTest('a block that was lost before the answer to its acquisition came is not used', (journal, { blocks }) => {
  journal.write((tables) => tables.merge(at(9, []), MERGE));
  journal.write((tables) => tables.apply(news(10, true)));
  journal.write((tables) => tables.apply(news(11, false)));
  journal.write((tables) => tables.ownBlock({ ...owned, revision: 10 }));
  assert.deepEqual(blocks(), []);
});

journalTest('nor one that a snapshot told is lost', (journal, { blocks }) => {
  journal.write((tables) => tables.merge(at(12, []), MERGE));
  journal.write((tables) => tables.ownBlock({ ...owned, revision: 10 }));
  assert.deepEqual(blocks(), []);
  journal.write((tables) => tables.ownBlock({ ...owned, revision: 13 }));
  assert.deepEqual(blocks(), ['10.0.0.0/30']);
});

journalTest('a block that was lost while it could not be returned is not kept', (journal, { blocks }) => {
  journal.write((tables) => tables.merge(at(9), MERGE));
  journal.write(({ mirror }) => mirror.leaveBlock(owned.block));
  journal.write((tables) => tables.apply(news(10, false)));
  journal.write(({ mirror }) => mirror.keepBlock(owned.block));
  assert.deepEqual(blocks(), []);
});

journalTest('a pool that cannot be read is in the journal as it was, and one that was removed is not', (journal) => {
  const pool = new AddressPool([IpPrefix.parse('10.0.0.0/24')], 2);
  const pools = new Map(['default', 'dmz', 'web'].map((name) => [name, pool]));
  journal.write((tables) => tables.merge({ ...at(5), pools }, MERGE));
  const left = {
    pools: new Map([['default', pool]]),
    unreadablePools: new Map([['dmz', new CoilError('corrupt-data', 'pool/dmz: no JSON')]]),
  };
  journal.write((tables) => tables.merge({ ...at(7), ...left }, MERGE));
  assert.deepEqual([...journal.snapshot!.pools.keys()], ['default', 'dmz']);
});
