import type { Guard } from './guard.ts';

const MODEL_OVER_ETCD = 'test/model/etcd.test.ts';
const MODEL_OVER_SQLITE = 'test/model/sqlite.test.ts';
const NODE_IPAM = 'test/contract/node-ipam.test.ts';

export const ADDRESS_GUARDS: readonly Guard[] = [
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
    name: "the address that is nobody's, in etcd",
    file: 'src/store/etcd/etcd-addresses.ts',
    from: '          ...slots.map((slot) => isAbsent(keys.address(slot))),\n',
    to: '',
    tests: ['test/contract/etcd-ipam-store.test.ts', MODEL_OVER_ETCD],
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
    name: 'the live address that goes last',
    file: 'src/model/block-allocator.ts',
    from: 'this.#avoided.set(offset, now + AVOIDED_MS);',
    to: '',
    tests: ['src/model/block-allocator.test.ts'],
  },
  {
    name: 'the records before and after the look at the links',
    file: 'src/ipam/unrecorded-links.ts',
    from: '[...before, ...state.records]',
    to: 'before',
    tests: ['test/contract/unrecorded-links.test.ts'],
  },
  {
    name: 'the next record of an address that was freed by others',
    file: 'src/ipam/node-state.ts',
    from: 'if (this.#records.get(slotKey(record))?.revision === record.revision) this.#forget(record);',
    to: 'this.#forget(record);',
    tests: [NODE_IPAM],
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
    name: 'export before allocation',
    file: 'src/ipam/block-keeper.ts',
    from: 'isExported(owned) && owned.allocator.hasRested(now)',
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
    name: 'what the call before left',
    file: 'src/ipam/node-ipam.ts',
    from: '      await this.#deps.sync.ready(signal);\n      return await action();',
    to: '      return await action();',
    tests: [NODE_IPAM],
    only: 'whose answer was lost',
  },
];
