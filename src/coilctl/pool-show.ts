import type { BlockAssignment } from '../model/block-assignment.ts';
import type { IpPrefix } from '../model/ip-prefix.ts';
import { switchFlag } from '../process/flag.ts';
import { UsageError } from '../process/usage-error.ts';
import { POOL_ARGUMENT, parsePoolName, parseSubnet, SUBNET_ARGUMENT } from './arguments.ts';
import { defineCommand } from './command.ts';
import { OUTPUT_FLAG, type Report, reportText } from './output.ts';

/** Prints how many blocks of a subnet are free, or which are, and which nodes own the others. */
export const poolShow = defineCommand({
  name: 'pool show',
  summary: 'Show how much of a subnet is free',
  access: 'read',
  args: { name: POOL_ARGUMENT, subnet: SUBNET_ARGUMENT },
  flags: {
    json: switchFlag({ describe: 'Print each block, and which node owns it, as JSON on one line, as v1 did' }),
    ...OUTPUT_FLAG,
  },
  prepare(args, { json, output }) {
    if (json && output) throw new UsageError('--json and --output exclude each other: each asks for another layout');
    const name = parsePoolName(args.name);
    const subnet = parseSubnet(args.subnet);
    return async ({ store, stdout, signal }) => {
      const blocks = await store.getBlockAssignment(name, subnet, signal);
      if (output) stdout.write(await reportText(output, report(name, subnet, blocks)));
      else if (json) stdout.write(`${JSON.stringify(blocks)}\n`);
      else stdout.write(`free blocks: ${blocks.freeList.length} out of ${blocks.total}\n`);
    };
  },
});

function report(pool: string, subnet: IpPrefix, blocks: BlockAssignment): Report {
  const { free, nodes } = blocks.toJSON();
  const data = {
    pool,
    subnet: String(subnet),
    blocks: { total: blocks.total, free: blocks.freeList.length },
    free: free ?? [],
    nodes,
  };
  const owned = [...blocks.nodes].flatMap(([node, list]) => list.map((block) => ({ block, node })));
  const all = [...owned, ...blocks.freeList.map((block) => ({ block, node: undefined }))];
  const rows = all.sort((a, b) => a.block.compare(b.block)).map(({ block, node }) => [String(block), node]);
  return { data, table: { head: ['BLOCK', 'NODE'], rows } };
}
