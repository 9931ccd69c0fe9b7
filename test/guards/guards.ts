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
];
