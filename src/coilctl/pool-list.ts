import { defineCommand } from './command.ts';

/** Prints every pool, sorted by name: its subnets and the size of its blocks. */
export const poolList = defineCommand({
  name: 'pool list',
  summary: 'Show all pools',
  args: {},
  flags: {},
  prepare() {
    return async ({ store, stdout, signal }) => {
      const pools = await store.listPools(signal);
      for (const [name, { subnets, blockSize }] of pools) {
        stdout.write(`${name}:\n    Subnets: ${subnets.join(', ')}\n    Size: ${blockSize}\n`);
      }
    };
  },
});
