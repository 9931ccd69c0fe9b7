import { type Commands, chosen } from './command.ts';
import { finish, hear, makeLate } from './delivery-commands.ts';
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

/**
 * All trouble ends, every Pod is taken down, every block is returned. @throws {Violation} where anything is left, or a
 * node cannot attach a Pod afterwards
 */
export async function windUp(world: World): Promise<void> {
  for (const held of world.late.splice(0)) await makeLate(world, held);
  for (const node of world.nodes) {
    node.isCutOff = false;
    await node.start();
  }
  await settleAll(world);
  for (const sandbox of world.sandboxes) {
    world.begin('DEL', sandbox);
    await settle(world, sandbox.node);
  }
  promise(world.truth.records.size === 0, () => `left behind: ${[...world.truth.records.keys()].join(' ')}`);
  world.now += 3_600_000;
  await returnBlocks(world);
  for (const node of world.nodes) {
    const sandbox = world.sandboxes.find((each) => each.node === node)!;
    world.begin('ADD', sandbox);
    await settle(world, node);
    promise(sandbox.state === 'live', () => `${node.name} cannot attach a Pod any more`);
    world.begin('DEL', sandbox);
    await settle(world, node);
    await returnBlocks(world);
  }
}

async function returnBlocks(world: World): Promise<void> {
  for (const node of world.nodes) {
    world.scan(node.coild!, 0);
    await settle(world, node);
    await node.links.settled();
    const links = node.links.links.join(' ');
    promise(links === '', () => `links are left on ${node.name}: ${links}`);
  }
  promise(world.truth.owners.size === 0, () => `not returned: ${[...world.truth.owners.keys()].join(' ')}`);
}

async function settleAll(world: World): Promise<void> {
  for (const node of world.nodes) await settle(world, node);
}
