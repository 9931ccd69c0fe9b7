/** A mechanism that a promise rests on, and how it is taken out. */
export interface Guard {
  /** As docs/reliability.md names it. */
  readonly name: string;
  readonly file: string;
  /** There once; together with `to` the whole removal. */
  readonly from: string;
  readonly to: string;
  /** Files of tests of which one must fail without the guard. */
  readonly tests: readonly string[];
  /** Where the tests run the built programs, and not the source. */
  readonly built?: true;
}

const MODEL_OVER_ETCD = 'test/model/etcd.test.ts';
const MODEL_OVER_SQLITE = 'test/model/sqlite.test.ts';
const MODEL_OFFLINE = 'test/model/offline.test.ts';
const NODE_IPAM = 'test/contract/node-ipam.test.ts';
const RECLAIM = 'test/contract/reclaim.test.ts';

export const GUARDS: readonly Guard[] = [
  {
    name: 'the fence, in etcd',
    file: 'src/store/etcd/etcd-addresses.ts',
    from: '          ...blocks.map((block) => hasValue(keys.owner(block), node)),\n',
    to: '',
    tests: ['test/contract/etcd-ipam-store.test.ts', MODEL_OVER_ETCD],
  },
  {
    name: 'the fence, in SQLite',
    file: 'src/store/sqlite/address-changes.ts',
    from: 'blocks.ownerOf(block) !== node)',
    to: 'blocks.ownerOf(block) === undefined)',
    tests: ['test/contract/sqlite-ipam-store.test.ts', MODEL_OVER_SQLITE],
  },
  {
    name: 'the revision that is freed, in etcd',
    file: 'src/store/etcd/etcd-addresses.ts',
    from: 'compare: addresses.map((address) => isAt(keys.address(address), address.revision)),',
    to: 'compare: [],',
    tests: ['test/contract/etcd-ipam-store.test.ts', MODEL_OVER_ETCD],
  },
  {
    name: 'the revision that is freed, in SQLite',
    file: 'src/store/sqlite/address-changes.ts',
    from: 'addresses.get(seen)?.record.revision === seen.revision',
    to: 'addresses.get(seen) !== undefined',
    tests: ['test/contract/sqlite-ipam-store.test.ts', MODEL_OVER_SQLITE],
  },
  {
    name: 'the lock',
    file: 'src/ipam/keyed-lock.ts',
    from: 'if (before !== undefined) await abortable(before, signal);',
    to: '',
    tests: [NODE_IPAM, MODEL_OVER_SQLITE],
  },
  {
    name: 'the address that a live Pod has',
    file: 'src/podnet/live-address.ts',
    from: 'if (holder?.alias === undefined) continue;',
    to: 'if (holder !== null) continue;',
    tests: ['test/kernel/netlink-pod-network-contract.test.ts'],
  },
  {
    name: 'the undo',
    file: 'src/cni/pod-attacher.ts',
    from: 'if (!allocation.existed) await this.#undoAllocation({ containerId, ifname });',
    to: 'if (!allocation.existed) await Promise.resolve();',
    tests: [MODEL_OVER_SQLITE],
  },
  {
    name: 'the sync after a change whose outcome is unknown',
    file: 'src/ipam/node-ipam.ts',
    from: "this.#deps.sync.renew('a change of the datastore failed, with or without effect');",
    to: '',
    tests: [MODEL_OVER_SQLITE],
  },
  {
    name: 'the sync that begins anew',
    file: 'src/ipam/node-sync.ts',
    from: '    this.#round.abort();\n',
    to: '',
    tests: ['src/ipam/node-sync.test.ts'],
  },
  {
    name: 'the reservation that ends with its block',
    file: 'src/ipam/node-state.ts',
    from: 'return this.#pending.get(slotKey(slot)) === slot;',
    to: 'return slot !== undefined;',
    tests: ['src/ipam/node-state.test.ts', 'test/model/regressions.test.ts'],
  },
  {
    name: 'the re-check',
    file: 'src/ipam/leak-release.ts',
    from: '!(await stands(until))',
    to: '!(stands instanceof Function)',
    tests: [RECLAIM],
  },
  {
    name: 'the second proof',
    file: 'src/ipam/leak-judge.ts',
    from: "proofs.has('node') && (proofs.has('runtime') || proofs.has('api'))",
    to: "proofs.has('node')",
    tests: [RECLAIM],
  },
  {
    name: 'the grace',
    file: 'src/ipam/leak-suspects.ts',
    from: 'now - suspicion.since >= this.#graceMs && goesOn',
    to: 'this.#graceMs >= 0 && goesOn',
    tests: [RECLAIM],
  },
  {
    name: 'no judgement of a state that is not fresh',
    file: 'src/ipam/reclaim.ts',
    from: 'if (!sync.isFresh) return this.#suspects.clear();',
    to: '',
    tests: [RECLAIM],
  },
  {
    name: 'export before allocation',
    file: 'src/ipam/block-keeper.ts',
    from: "owned.state === 'exported' && owned.allocator.hasRested(now)",
    to: 'owned.allocator.hasRested(now)',
    tests: [NODE_IPAM, MODEL_OVER_SQLITE],
  },
  {
    name: 'withdrawal before return',
    file: 'src/ipam/block-keeper.ts',
    from: '      await this.export(signal);\n      const answer',
    to: '      const answer',
    tests: [NODE_IPAM, MODEL_OVER_SQLITE],
  },
  {
    name: 'one coild of a node',
    file: 'src/coild/node-lock.ts',
    from: "if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE')",
    to: "if ((cause as NodeJS.ErrnoException).code === 'EADDRINUSE') return { [Symbol.dispose]: () => undefined };\n      else",
    tests: ['test/e2e/node-session.test.ts'],
    built: true,
  },
  {
    name: "the Pod's lock where its network is mended",
    file: 'src/coild/pod-mender.ts',
    from: 'await this.#deps.lock.run(podKey(pod), signal, () => this.#mendLocked(pod, signal))',
    to: 'await this.#mendLocked(pod, signal)',
    tests: ['test/contract/network-guard.test.ts'],
  },
  {
    name: "the look whether a Pod's record is still there",
    file: 'src/coild/pod-mender.ts',
    from: '() => this.#isWanted(pod, attachment)',
    to: '() => attachment !== undefined || this.#isWanted(pod, attachment)',
    tests: ['test/contract/network-guard.test.ts'],
  },
  {
    name: "others' routes in table 119",
    file: 'src/podnet/netlink-block-exporter.ts',
    from: 'const filter = { table: this.#table.tableId, protocol: this.#table.protocolId };',
    to: 'const filter = { table: this.#table.tableId };',
    tests: ['test/kernel/netlink-block-exporter-contract.test.ts', 'test/kernel/netlink-block-exporter.test.ts'],
  },
  {
    name: 'dumps that were interrupted',
    file: 'src/netlink/consistent-dump.ts',
    from: "pending.interrupted || NetlinkError.is(pending.error, 'EINTR', 'ENOBUFS')",
    to: "NetlinkError.is(pending.error, 'EINTR', 'ENOBUFS')",
    tests: ['src/netlink/consistent-dump.test.ts'],
  },
  {
    name: 'the spooled DEL before the ADD',
    file: 'src/coild/del-spool.ts',
    from: 'if (this.#folder.has(name)) await this.#replay(name, signal);',
    to: '',
    tests: ['src/coild/del-spool.test.ts'],
  },
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
    tests: [MODEL_OFFLINE],
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
    tests: ['test/offline/conflicts.test.ts'],
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
    tests: ['test/offline/conflicts.test.ts'],
  },
  {
    name: 'the full disk of the journal',
    file: 'src/store/offline/offline-store.ts',
    from: '    this.#deps.journal.checkWritable();\n',
    to: '',
    tests: ['test/offline/full-disk.test.ts'],
  },
  {
    name: "a pool's last block, in etcd",
    file: 'src/store/etcd/block-grants.ts',
    from: 'request.isSpare && document.freeCount === 1',
    to: 'request.isSpare && document.freeCount === 0',
    tests: ['test/contract/etcd-ipam-store.test.ts'],
  },
  {
    name: 'no judgement without the datastore',
    file: 'src/ipam/judged-sync.ts',
    from: 'sync.isFresh && !isOffline()',
    to: 'sync.isFresh',
    tests: ['src/ipam/judged-sync.test.ts'],
  },
];
