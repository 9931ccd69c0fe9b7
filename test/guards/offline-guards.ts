import type { Guard } from './guard.ts';

const MODEL_OFFLINE = 'test/model/offline.test.ts';
const CONFLICTS = 'test/offline/conflicts.test.ts';

export const OFFLINE_GUARDS: readonly Guard[] = [
  {
    name: 'the journal on disk before the answer',
    file: 'src/store/offline/journal.ts',
    from: 'const synced = await openDatabase(options, signal);',
    to: "const synced = await openDatabase({ ...options, synchronous: 'NORMAL' }, signal);",
    tests: ['test/offline/power-cut.test.ts'],
  },
  {
    name: 'the note before the datastore is asked',
    file: 'src/store/offline/journaled-addresses.ts',
    from: 'if (!mirror.at(slot)) mirror.put(',
    to: 'if (mirror.at(slot)) mirror.put(',
    tests: ['test/offline/offline-store.test.ts'],
  },
  {
    name: 'the changes under way, when the datastore is back',
    file: 'src/store/offline/node-follower.ts',
    from: 'while (underWay.size > 0);',
    to: 'while (underWay.size < 0);',
    tests: ['test/offline/under-way.test.ts', MODEL_OFFLINE],
  },
  {
    name: 'old news of a block, in the journal',
    file: 'src/store/offline/journal-tables.ts',
    from: '    else if (!this.#blockNews.note(change, change.revision)) return [];\n',
    to: '',
    tests: ['test/offline/journal-blocks.test.ts'],
  },
  {
    name: 'the block that was returned without an answer',
    file: 'src/store/offline/journaled-blocks.ts',
    from: '    journal.write(({ mirror }) => mirror.leaveBlock(owned.block));\n',
    to: '',
    tests: [CONFLICTS],
  },
  {
    name: 'the DEL that nobody heard the answer to',
    file: 'src/store/offline/local-changes.ts',
    from: 'if (freeing.length > 0) this.free(freeing);',
    to: '',
    tests: ['test/offline/offline-store.test.ts'],
  },
  {
    name: 'the address of another container',
    file: 'src/store/offline/merge-snapshot.ts',
    from: "lose(overlay, row, 'it is assigned to another');\n    return;",
    to: "lose(overlay, row, 'it is assigned to another');",
    tests: [CONFLICTS],
  },
  {
    name: 'the address that was taken while the datastore was told',
    file: 'src/store/offline/replay.ts',
    from: 'answer.records.filter((record) => isSameAttachment(record.assignment, assignment));',
    to: 'answer.records;',
    tests: [CONFLICTS],
  },
  {
    name: 'the next owner of a freed address',
    file: 'src/store/offline/replay.ts',
    from: 'found !== undefined && isSameAttachment(found.assignment, record.assignment)',
    to: 'found !== undefined',
    tests: [CONFLICTS],
  },
  {
    name: 'old news of an address that was given since',
    file: 'src/store/offline/node-follower.ts',
    from: 'if (isNews) yield change;',
    to: 'yield change;',
    tests: [CONFLICTS],
  },
  {
    name: "the block that is not the node's any more",
    file: 'src/store/offline/merge-snapshot.ts',
    from: 'lose(overlay, row, "its block is not this node\'s any more")',
    to: 'continue',
    tests: [CONFLICTS],
  },
  {
    name: 'what a restored datastore forgot',
    file: 'src/store/offline/merge-snapshot.ts',
    from: 'isPending(row.revision) || options.isRestored',
    to: 'isPending(row.revision)',
    tests: [CONFLICTS],
  },
  {
    name: 'the full disk of the journal',
    file: 'src/store/offline/offline-store.ts',
    from: '    this.#deps.journal.checkWritable();\n',
    to: '',
    tests: ['test/offline/full-disk.test.ts'],
  },
  {
    name: 'what the datastore told, before what comes after it',
    file: 'src/store/offline/journal.ts',
    from: '    this.#writeNews();\n    return this.peek(look);',
    to: '    return this.peek(look);',
    tests: ['test/offline/journal-notes.test.ts'],
  },
  {
    name: 'whose journal it is',
    file: 'src/store/offline/journal.ts',
    from: '      tables.requireOwner(this.#owner);\n      return change(tables);\n    });',
    to: '      return change(tables);\n    });',
    tests: [CONFLICTS],
  },
];
