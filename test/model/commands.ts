import type { Commands } from './command.ts';
import { DELIVERY_COMMANDS } from './delivery-commands.ts';
import { POOL_COMMANDS } from './pool-commands.ts';
import { RECLAIM_COMMANDS } from './reclaim-commands.ts';
import { RUNTIME_COMMANDS } from './runtime-commands.ts';
import { SETTLE_COMMANDS } from './settle-commands.ts';
import { TROUBLE_COMMANDS } from './trouble-commands.ts';

/** All that may happen; a further part of the product adds its own here. */
export const COMMANDS: Commands = {
  ...RUNTIME_COMMANDS,
  ...DELIVERY_COMMANDS,
  ...TROUBLE_COMMANDS,
  ...POOL_COMMANDS,
  ...RECLAIM_COMMANDS,
  ...SETTLE_COMMANDS,
};
