import { type Commands, chosen } from './command.ts';
import { finish, hear } from './delivery-commands.ts';
import { checkSettled } from './invariants.ts';
import type { ModelNode } from './model-node.ts';
import { promise } from './violation.ts';
import type { World } from './world.ts';

/** More than any node has to do at once. */
const MAX_TURNS = 2000;

/** A node that nothing disturbs comes to rest, and all is well with it then. */
export const SETTLE_COMMANDS: Commands = {
  settle: {
    weight: 1,
    run: async (world, a) => {
      const node = chosen(
        world.nodes.filter(({ coild, isCutOff }) => coild !== undefined && !isCutOff),
        a,
      );
      if (node) await settle(world, node);
      return node?.name;
    },
  },
};

/** Makes and answers all that the node asks for, until it asks for nothing more. @throws {Violation} */
export async function settle(world: World, node: ModelNode): Promise<void> {
  for (let i = 0; i < MAX_TURNS; i++) {
    await world.settle();
    const call = node.coild!.gate.calls[0];
    if (call) await finish(world, { node, call });
    else if ((await hear(world, node, MAX_TURNS)) === 0) break;
  }
  promise(node.coild!.gate.calls.length === 0, () => `${node.name} does not come to rest`);
  promise(world.isIdle(node), () => `${node.name} waits for nothing and has not answered all`);
  checkSettled(world, node);
}
