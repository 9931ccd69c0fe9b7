import type { PoolBlock } from '../store/ipam-store.ts';
import { parseNodeName } from './arguments.ts';
import { defineCommand } from './command.ts';
import { OUTPUT_FLAG, type Report, reportText } from './output.ts';

/** Prints the blocks that a node owns, by pool; nothing for a node without blocks. */
export const nodeBlocks = defineCommand({
  name: 'node blocks',
  summary: 'Show the blocks of a node',
  access: 'read',
  args: { node: 'Name of the node' },
  flags: OUTPUT_FLAG,
  prepare(args, { output }) {
    const node = parseNodeName(args.node);
    return async ({ store, stdout, signal }) => {
      const blocks = await store.listNodeBlocks(node, signal);
      stdout.write(output ? await reportText(output, report(node, blocks)) : v1Text(blocks));
    };
  },
});

function v1Text(blocks: readonly PoolBlock[]): string {
  const byPool = [...Map.groupBy(blocks, ({ pool }) => pool)];
  return byPool
    .map(([pool, owned]) => `pool: ${pool}\n${owned.map(({ block }) => `    ${block}\n`).join('')}`)
    .join('');
}

function report(node: string, blocks: readonly PoolBlock[]): Report {
  const data = blocks.map(({ pool, block }) => ({ pool, block: String(block) }));
  const rows = data.map(({ pool, block }) => [pool, block]);
  return { data: { node, blocks: data }, table: { head: ['POOL', 'BLOCK'], rows } };
}
