import { CoilError } from '../../src/model/error.ts';
import type { Commands } from './command.ts';
import { unreachable } from './delivery-commands.ts';
import { promise } from './violation.ts';
import type { World } from './world.ts';

const CALL_MS = 10_000;

export const POOL_COMMANDS: Commands = {
  /** `coilctl pool delete`, of each pool: refused while a node owns a block, whatever that node knows of it. */
  deletePools: {
    weight: 1,
    run: async (world) => {
      const pools = await world.store.listPools(AbortSignal.timeout(CALL_MS));
      const outcomes: string[] = [];
      for (const [name, pool] of pools) {
        const outcome = await deletePool(world, name);
        promise(
          outcome === (world.truth.owners.size > 0 ? 'pool-in-use' : 'deleted'),
          () => `pool ${name} is ${outcome}, and ${[...world.truth.owners.keys()].join(' ') || 'nothing'} is owned`,
        );
        // for what comes next there has to be one
        if (outcome === 'deleted') await world.store.createPool(name, pool, AbortSignal.timeout(CALL_MS));
        outcomes.push(`${name} ${outcome}`);
      }
      return outcomes.join();
    },
  },
};

async function deletePool(world: World, name: string): Promise<string> {
  try {
    await world.store.deletePool(name, AbortSignal.timeout(CALL_MS));
  } catch (error) {
    if (CoilError.is(error)) return error.code;
    throw error;
  }
  world.changed();
  for (const node of world.nodes) {
    if (!node.coild) continue;
    world.behind.add(node);
    world.disturb(node);
    node.coild.store.watch?.break(unreachable('watch'));
  }
  return 'deleted';
}
