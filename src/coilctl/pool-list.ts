import type { AddressPool } from '../model/address-pool.ts';
import type { IpamStore } from '../store/ipam-store.ts';
import { defineCommand } from './command.ts';
import { OUTPUT_FLAG, type Report, reportText } from './output.ts';

/** Prints every pool, sorted by name: its subnets and the size of its blocks. */
export const poolList = defineCommand({
  name: 'pool list',
  summary: 'Show all pools',
  access: 'read',
  args: {},
  flags: OUTPUT_FLAG,
  prepare(_args, { output }) {
    return async ({ store, stdout, signal }) => {
      const pools = await store.listPools(signal);
      stdout.write(output ? await reportText(output, await report(pools, store, signal)) : v1PoolsText(pools));
    };
  },
});

type Pools = ReadonlyMap<string, AddressPool>;

/** v1's output. */
export function v1PoolsText(pools: Pools): string {
  const texts = [...pools].map(
    ([name, { subnets, blockSize }]) => `${name}:\n    Subnets: ${subnets.join(', ')}\n    Size: ${blockSize}\n`,
  );
  return texts.join('');
}

/** With the number of blocks, which v1 had to be asked for subnet by subnet. */
async function report(pools: Pools, store: IpamStore, signal: AbortSignal): Promise<Report> {
  const data = [];
  for (const [name, { subnets, blockSize }] of pools) {
    const usage = [];
    for (const subnet of subnets) {
      const { freeList, total } = await store.getBlockAssignment(name, subnet, signal);
      usage.push({ subnet: String(subnet), blocks: { total, free: freeList.length } });
    }
    data.push({ name, block_size: blockSize, subnets: usage });
  }
  const rows = data.flatMap(({ name, block_size, subnets }) =>
    subnets.map(({ subnet, blocks }) => [name, block_size, subnet, blocks.free, blocks.total]),
  );
  return { data: { pools: data }, table: { head: ['POOL', 'SIZE', 'SUBNET', 'FREE', 'TOTAL'], rows } };
}
