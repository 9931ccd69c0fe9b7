import { addressFree } from './address-free.ts';
import { addressInfo } from './address-info.ts';
import type { Command } from './command.ts';
import { nodeBlocks } from './node-blocks.ts';
import { poolAddSubnet } from './pool-add-subnet.ts';
import { poolCreate } from './pool-create.ts';
import { poolDelete } from './pool-delete.ts';
import { poolList } from './pool-list.ts';
import { poolRemoveSubnet } from './pool-remove-subnet.ts';
import { poolShow } from './pool-show.ts';

/** What the help text says of each noun. */
export const NOUNS = { pool: 'Address pools', node: 'Nodes', address: 'Pod addresses' } as const;

/** All subcommands, in the order of the help text. */
export const COMMANDS: readonly Command[] = [
  poolCreate,
  poolAddSubnet,
  poolRemoveSubnet,
  poolDelete,
  poolList,
  poolShow,
  nodeBlocks,
  addressInfo,
  addressFree,
];
