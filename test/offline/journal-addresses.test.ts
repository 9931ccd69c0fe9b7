import assert from 'node:assert/strict';
import { NodeState } from '../../src/ipam/node-state.ts';
import type { NodeChange } from '../../src/store/ipam-store.ts';
import type { Journal } from '../../src/store/offline/journal.ts';
import { allocated, assignmentOf } from '../contract/store-fixture.ts';
import { at, journalTest, MERGE, owned, recordOf } from './journal-fixture.ts';

/** The watch tells that an address was assigned, or is free. */
function tell(journal: Journal, offset: number, revision: number, containerId?: string): void {
  const slot = { block: owned.block, offset };
  const record = containerId === undefined ? undefined : recordOf(containerId, offset, revision);
  const change: NodeChange = { kind: 'address', slot, record, revision };
  journal.write((tables) => tables.apply(change));
}

journalTest('an address that was freed stays free, whatever the watch tells late of before', (journal, look) => {
  journal.write((tables) => tables.merge(at(6), MERGE));
  journal.write((tables) => tables.recordAddress(recordOf('a', 1, 7)));
  journal.write((tables) => tables.freeAddress(recordOf('a', 1, 7), 9));
  tell(journal, 1, 7, 'a');
  assert.deepEqual(look.addresses(), []);
  journal.write((tables) => tables.merge(at(8, [owned], [recordOf('a', 1, 7)]), MERGE));
  assert.deepEqual(look.addresses(), [], 'nor a snapshot from before');
  tell(journal, 1, 10, 'b');
  assert.deepEqual(look.addresses(), ['b 1']);
});

journalTest('an answer that comes after the address was freed assigns it to nobody', (journal, look) => {
  journal.write((tables) => tables.merge(at(6), MERGE));
  tell(journal, 1, 7, 'a');
  tell(journal, 1, 8);
  journal.write((tables) => tables.recordAddress(recordOf('a', 1, 7)));
  assert.deepEqual(look.addresses(), []);
});

journalTest('what the datastore was asked for only is nobody’s yet', (journal, look) => {
  journal.write((tables) => tables.merge(at(6), MERGE));
  const asked = recordOf('a', 1, journal.clock.next());
  journal.write(({ mirror }) => mirror.put(asked, { asked: 1, answered: 0 }));
  assert.deepEqual(look.addresses(), []);
  journal.write((tables) => tables.merge(at(6), { ...MERGE, isAskedFor: () => true }));
  assert.deepEqual(look.addresses(), []);
  journal.write(({ local }) => local.answerAll());
  assert.deepEqual(look.addresses(), ['a 1'], 'in place of the datastore it is answered');
});

journalTest('what was freed without the datastore is free, though nobody heard the answer', (journal) => {
  const state = new NodeState({ restMs: 0 }, { clock: () => 0 });
  const known = () => {
    state.reset(journal.snapshot!);
    return state.records.map(({ assignment }) => assignment.containerId);
  };
  journal.write((tables) => tables.merge(at(6), MERGE));
  const request = { node: 'node1', slots: [{ block: owned.block, offset: 1 }], assignment: assignmentOf('a') };
  const records = allocated(journal.write(({ local }) => local.allocate(request)));
  assert.deepEqual(known(), ['a']);
  journal.write(({ local }) => local.free(records));
  assert.deepEqual(known(), []);
});

journalTest('a block that was acquired anew has no address from before', (journal, look) => {
  journal.write((tables) => tables.merge(at(6, [owned], [recordOf('a', 1, 5)]), MERGE));
  journal.write((tables) => tables.recordAddress(recordOf('b', 2, 9)));
  const lost = journal.write((tables) => tables.ownBlock({ ...owned, revision: 8 }));
  assert.deepEqual(look.addresses(), ['b 2']);
  assert.deepEqual(
    lost.map(({ record }) => record.assignment.containerId),
    ['a'],
  );
  assert.equal(
    journal.read(({ lost: all }) => all.all.length),
    1,
  );
});

journalTest(
  'a block that the datastore says is not the node’s is not, unless it was acquired since',
  (journal, look) => {
    journal.write((tables) => tables.merge(at(6, [owned], [recordOf('a', 1, 5)]), MERGE));
    const asked = journal.clock.next();
    journal.write((tables) => tables.ownBlock({ ...owned, revision: 8 }));
    assert.deepEqual(
      journal.write((tables) => tables.missBlock(owned.block, asked)),
      [],
    );
    assert.deepEqual(look.blocks(), ['10.0.0.0/30']);
    journal.write((tables) => tables.missBlock(owned.block, journal.clock.next()));
    assert.deepEqual(look.blocks(), []);
  },
);

journalTest('a Pod that has got its address back has not lost it', (journal) => {
  const lost = () => journal.read((tables) => tables.lost.all.map(({ record }) => record.assignment.containerId));
  journal.write((tables) => tables.merge(at(6, [owned], [recordOf('a', 1, 5), recordOf('b', 2, 5)]), MERGE));
  journal.write((tables) => tables.merge(at(7, []), MERGE));
  assert.deepEqual(lost(), ['a', 'b']);
  journal.write((tables) => tables.merge(at(9, [owned], [recordOf('a', 1, 8)]), MERGE));
  assert.deepEqual(lost(), ['b']);
  tell(journal, 2, 10, 'b');
  assert.deepEqual(lost(), []);
});

journalTest('what the datastore may have recorded, and cannot be kept, is freed when it is back', (journal) => {
  journal.write((tables) => tables.merge(at(6), MERGE));
  const [slot] = [{ block: owned.block, offset: 1 }];
  journal.write(({ mirror }) => mirror.put(recordOf('a', 1, journal.clock.next()), { asked: 1, answered: 0 }));
  const asked = { node: 'node1', slots: [slot], assignment: assignmentOf('b') };
  const answer = journal.write(({ local }) => local.keep(asked, journal.clock.next()));
  assert.equal(answer.outcome, 'taken');
  const first = journal.read(({ pending }) => pending.first);
  assert.equal(first?.kind, 'free');
  assert.deepEqual(
    first?.records.map(({ offset, assignment }) => `${assignment.containerId} ${offset}`),
    ['b 1'],
  );
  const told = journal.write((tables) => tables.merge(at(7, [owned], [recordOf('b', 1, 7)]), MERGE));
  assert.deepEqual(told, [], 'it is not reported');
});

journalTest('what the datastore is asked to free stays so through a snapshot, while it is asked', (journal, look) => {
  const record = recordOf('a', 1, 5);
  journal.write((tables) => tables.merge(at(6, [owned], [record]), MERGE));
  journal.write(({ mirror }) => mirror.setFreeing(record, { isAsked: true }));
  journal.write((tables) => tables.merge(at(7, [owned], [record]), { ...MERGE, isFreeing: () => true }));
  assert.equal(
    journal.read(({ mirror }) => mirror.freeing.length),
    1,
  );
  journal.write((tables) => tables.merge(at(8, [owned], [record]), MERGE));
  assert.equal(
    journal.read(({ mirror }) => mirror.freeing.length),
    0,
    'a look tells what became of it',
  );
  assert.deepEqual(look.addresses(), ['a 1']);
});

journalTest('addresses that v1 left in a block stay its, whatever comes late of the acquisition', (journal, look) => {
  journal.write((tables) => tables.merge(at(99, []), MERGE));
  journal.write((tables) => tables.apply({ kind: 'block', ...owned, owned: true, revision: 105 }));
  const record = recordOf('a', 1, 50);
  journal.write((tables) =>
    tables.apply({ kind: 'address', slot: { block: owned.block, offset: 1 }, record, revision: 105 }),
  );
  assert.deepEqual(
    journal.write((tables) => tables.ownBlock({ ...owned, revision: 105 })),
    [],
  );
  assert.deepEqual(look.addresses(), ['a 1']);
});

journalTest('what the datastore was told to free is not given again by what the watch tells late', (journal) => {
  journal.write((tables) => tables.merge(at(6), MERGE));
  const record = recordOf('a', 1, 7);
  const change: NodeChange = { kind: 'address', slot: { block: owned.block, offset: 1 }, record, revision: 7 };
  journal.write((tables) => tables.hearOf(record, 8));
  assert.ok(journal.read((tables) => tables.isOutdated(change)));
  assert.ok(!journal.read((tables) => tables.isOutdated({ ...change, record: undefined, revision: 8 })));
});

journalTest('what waits for its answer when its block is lost is decided by that answer', (journal, look) => {
  journal.write((tables) => tables.merge(at(6), MERGE));
  const asked = recordOf('a', 1, journal.clock.next());
  journal.write(({ mirror }) => mirror.put(asked, { asked: 1, answered: 0 }));
  journal.write((tables) => tables.missBlock(owned.block, journal.clock.next()));
  journal.write((tables) => tables.ownBlock({ ...owned, revision: 8 }));
  journal.write(({ local }) => local.answerAll());
  assert.deepEqual(look.addresses(), ['a 1'], 'the datastore may have assigned it out of the block that came back');
});
