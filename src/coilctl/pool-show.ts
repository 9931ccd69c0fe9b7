import { switchFlag } from '../process/flag.ts';
import { POOL_ARGUMENT, parsePoolName, parseSubnet, SUBNET_ARGUMENT } from './arguments.ts';
import { defineCommand } from './command.ts';

/** Prints how many blocks of a subnet are free, or, as JSON, which are, and which nodes own the others. */
export const poolShow = defineCommand({
  name: 'pool show',
  summary: 'Show how much of a subnet is free',
  args: { name: POOL_ARGUMENT, subnet: SUBNET_ARGUMENT },
  flags: { json: switchFlag({ describe: 'Print each block, and which node owns it, as JSON on one line' }) },
  prepare(args, { json }) {
    const name = parsePoolName(args.name);
    const subnet = parseSubnet(args.subnet);
    return async ({ store, stdout, signal }) => {
      const blocks = await store.getBlockAssignment(name, subnet, signal);
      stdout.write(
        json ? `${JSON.stringify(blocks)}\n` : `free blocks: ${blocks.freeList.length} out of ${blocks.total}\n`,
      );
    };
  },
});
