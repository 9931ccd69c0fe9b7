import type { Guard } from './guard.ts';

const ETCD_CONTRACT = 'test/contract/etcd-ipam-store.test.ts';
const RECLAIM = 'src/controller/node-reclaim.test.ts';
const SPARES = 'test/contract/spare-blocks.test.ts';

export const BLOCK_GUARDS: readonly Guard[] = [
  {
    name: 'the documents that a pool goes with',
    file: 'src/store/etcd/etcd-pool-removal.ts',
    from: 'return revision === undefined ? isAbsent(key) : isAt(key, revision);',
    to: 'return isAt(pool.key, pool.revision);',
    tests: [ETCD_CONTRACT],
  },
  {
    name: 'the subnet that just went',
    file: 'src/store/etcd/block-grants.ts',
    from: '        else this.#drop(full[i]!);\n',
    to: '',
    tests: ['test/etcd/pool-removal.test.ts'],
    only: 'who gives out blocks of a subnet that just went',
  },
  {
    name: "a pool's last block, in etcd",
    file: 'src/store/etcd/block-grants.ts',
    from: 'request.isSpare && document.freeCount === 1',
    to: 'request.isSpare && document.freeCount === 0',
    tests: [ETCD_CONTRACT],
  },
  {
    name: 'the spare block',
    file: 'src/ipam/block-keeper.ts',
    from: 'if (!this.#spares?.isDue(pool, family)) return;',
    to: 'if (this.#spares?.isDue(pool, family) !== undefined) return;',
    tests: [SPARES],
  },
  {
    name: 'one spare, and no more',
    file: 'src/ipam/block-keeper.ts',
    from: 'if (this.#spares?.isShort(pool, family)) await',
    to: 'await',
    tests: [SPARES],
  },
  {
    name: 'the spare that stays',
    file: 'src/ipam/spare-blocks.ts',
    from: 'return blocks.find(isEmpty) === owned && !blocks.every(isEmpty);',
    to: 'return false;',
    tests: [SPARES],
  },
  {
    name: 'the blocks of a gone node that another process cares for',
    file: 'src/controller/node-release.ts',
    from: "      if (!mayTake) return 'gone';\n",
    to: '',
    tests: [RECLAIM],
  },
  {
    name: 'what a leader takes while it ceases to lead',
    file: 'src/controller/node-reclaim.ts',
    from: '    await this.#taking;\n',
    to: '',
    tests: [RECLAIM],
  },
];
