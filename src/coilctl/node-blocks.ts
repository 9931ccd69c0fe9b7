import { parseNodeName } from './arguments.ts';
import { defineCommand } from './command.ts';

/** Prints the blocks that a node owns, by pool; nothing for a node without blocks. */
export const nodeBlocks = defineCommand({
  name: 'node blocks',
  summary: 'Show the blocks of a node',
  args: { node: 'Name of the node' },
  flags: {},
  prepare(args) {
    const node = parseNodeName(args.node);
    return async ({ store, stdout, signal }) => {
      const byPool = Map.groupBy(await store.listNodeBlocks(node, signal), ({ pool }) => pool);
      for (const [pool, blocks] of byPool) {
        stdout.write(`pool: ${pool}\n${blocks.map(({ block }) => `    ${block}\n`).join('')}`);
      }
    };
  },
});
