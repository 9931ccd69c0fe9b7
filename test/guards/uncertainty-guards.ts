import type { Guard } from './guard.ts';

const TERM = 'src/store/etcd/node-term.ts';
const TABLES = 'src/store/offline/journal-tables.ts';
const TERMS = ['test/etcd/node-term.test.ts'];
const RETURNS = ['test/offline/block-returns.test.ts'];
const ADDRESSES = ['test/offline/journal-addresses.test.ts'];

/** Of what got no answer, or a late one. */
export const UNCERTAINTY_GUARDS: readonly Guard[] = [
  {
    name: 'the term of a change',
    file: TERM,
    from: '[...(request.compare ?? []), isIn]',
    to: '[...(request.compare ?? [])]',
    tests: TERMS,
  },
  {
    name: 'the term that ends with a change without an answer',
    file: TERM,
    from: '      if (!(CoilError.is(error) && error.unchanged)) this.#end(term);\n',
    to: '',
    tests: TERMS,
  },
  {
    name: 'the term that ends in the moment in which a change is given up',
    file: TERM,
    from: "    signal.addEventListener('abort', onAbort, { once: true });\n",
    to: '',
    tests: TERMS,
  },
  {
    name: 'the new term before the node is looked at',
    file: 'src/store/etcd/node-snapshot.ts',
    from: '  await changes.settled(what, signal);\n',
    to: '',
    tests: TERMS,
  },
  {
    name: 'the change that an ended term refused, once more',
    file: TERM,
    from: ' || found(response).at(-1)?.[0]?.value === term.value',
    to: ' || found(response).length > 0',
    tests: TERMS,
  },
  {
    name: 'the block that may have been returned',
    file: 'src/ipam/block-keeper.ts',
    from: '        if (isUncertain && state.blocks.includes(owned)) state.dropBlock(block);\n',
    to: '',
    tests: RETURNS,
  },
  {
    name: 'the look at whose a block is that may have been returned',
    file: 'src/ipam/node-sync.ts',
    from: "      if (signal.aborted || CoilError.isUncertain(error)) this.renew('a block may have been returned');\n",
    to: '',
    tests: ['test/contract/node-ipam.test.ts'],
  },
  {
    name: 'the return of which another call knows nothing',
    file: 'src/store/offline/connection.ts',
    from: 'CoilError.is(error) && error.unchanged ? new CoilError(error.code, error.message, { cause: error }) : error',
    to: 'error',
    tests: RETURNS,
  },
  {
    name: 'the block whose return was never asked for',
    file: 'src/store/offline/journaled-blocks.ts',
    from: '      if (!signal.aborted && !CoilError.isUncertain(error)) keep();\n',
    to: '',
    tests: RETURNS,
  },
  {
    name: 'the block that is being returned, in a snapshot',
    file: 'src/store/offline/mirror.ts',
    from: 'this.leaving.filter(({ block }) => isReturning(block))',
    to: 'this.leaving.filter(({ block }) => !isReturning(block))',
    tests: ['test/offline/journal-blocks.test.ts'],
  },
  {
    name: 'the acquisition whose answer was overtaken',
    file: TABLES,
    from: '    if (!this.#blockNews.note(block.toString(), revision)) return [];\n    const lost',
    to: '    const lost',
    tests: ['test/offline/journal-blocks.test.ts'],
  },
  {
    name: 'old news of an address, in the journal',
    file: TABLES,
    from: '    if (!this.#addressNews.note(slotKey(slot), revision)) return;\n',
    to: '',
    tests: ADDRESSES,
  },
  {
    name: 'the assignment whose answer was overtaken',
    file: TABLES,
    from: '    if (!this.#addressNews.note(slotKey(record), record.revision)) return;\n',
    to: '',
    tests: ADDRESSES,
  },
  {
    name: 'what the datastore was asked for only',
    file: 'src/store/offline/mirror.ts',
    from: 'this.addresses.filter(({ answered }) => answered).map(recordOf)',
    to: 'this.addresses.map(recordOf)',
    tests: ADDRESSES,
  },
  {
    name: 'the addresses of a block before it was acquired anew',
    file: TABLES,
    from: 'this.#noteLost(this.local.loseAddresses(block, revision))',
    to: 'this.#noteLost([])',
    tests: ADDRESSES,
  },
  {
    name: 'the refusal that is older than the acquisition',
    file: TABLES,
    from: '    if (this.#blockNews.isAhead(block.toString(), asked)) return [];\n',
    to: '',
    tests: ADDRESSES,
  },
  {
    name: 'what may have been recorded, though it is refused then',
    file: 'src/store/offline/local-changes.ts',
    from: '      for (const slot of slots) pending.addFreed({ ...slot, assignment, revision }, freedAt);\n',
    to: '',
    tests: ADDRESSES,
  },
  {
    name: 'the slot that was asked for without an answer',
    file: 'src/ipam/node-state.ts',
    from: ' || this.#doubtful.has(slot)',
    to: '',
    tests: ['src/ipam/node-state.test.ts'],
  },
  {
    name: 'the term of an etcd out of space',
    file: TERM,
    from: '      if (!isOutOfSpace(error)) throw error;\n',
    to: '      throw error;\n',
    tests: ['test/etcd/writable.test.ts'],
  },
  {
    name: 'what is being freed, in a snapshot',
    file: 'src/store/offline/mirror.ts',
    from: 'this.freeing.filter(isFreeing)',
    to: 'this.freeing.filter(() => false)',
    tests: ADDRESSES,
  },
  {
    name: 'the loss of a block that could not be returned',
    file: 'src/store/offline/mirror.ts',
    from: "    this.#db.run('UPDATE block SET leaving = 0 WHERE prefix = ?', block.toString());\n",
    to: "    this.#db.run('INSERT OR REPLACE INTO block (prefix, pool) VALUES (?, ?)', block.toString(), 'default');\n",
    tests: ['test/offline/journal-blocks.test.ts'],
  },
  {
    name: 'the blocks of a datastore that went back',
    file: 'src/ipam/node-state.ts',
    from: '      owned.provenAt = Math.min(owned.provenAt, revision);\n',
    to: '',
    tests: ['src/ipam/node-state.test.ts'],
  },
  {
    name: 'the address that its Pod has got back',
    file: TABLES,
    from: '    this.#retractLost();\n    return',
    to: '    return',
    tests: ADDRESSES,
  },
  {
    name: 'the state as of all that the journal has answered',
    file: TABLES,
    from: 'this.mirror.snapshot(this.#clock.newest)',
    to: 'this.mirror.snapshot(Math.floor(this.#clock.newest))',
    tests: ADDRESSES,
  },
];
