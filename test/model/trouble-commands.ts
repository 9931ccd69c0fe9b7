import type { AddressRecord } from '../../src/store/ipam-store.ts';
import { type Commands, chosen } from './command.ts';
import { unreachable } from './delivery-commands.ts';
import type { ModelNode } from './model-node.ts';
import { recordsOf } from './truth.ts';
import type { World } from './world.ts';

/** What breaks, and what administrators and the controller do. */
export const TROUBLE_COMMANDS: Commands = {
  kill: { weight: 2, run: (world, a) => onRunning(world, a, (node) => world.kill(node)) },
  start: {
    weight: 6,
    run: async (world, a) => {
      const node = chosen(
        world.nodes.filter(({ coild }) => coild === undefined),
        a,
      );
      await node?.start();
      return node?.name;
    },
  },
  /** Links and routes are gone, and so are the Pods. */
  reboot: {
    weight: 0.5,
    run: (world, a, b) =>
      onRunning(world, a, async (node) => {
        await world.kill(node);
        const isBootKnown = (await world.store.readBoot(node.name, AbortSignal.timeout(10_000))) !== undefined;
        reboot(world, node);
        for (const sandbox of world.sandboxesOf(node)) {
          sandbox.isFromBefore = isBootKnown;
          if (b % 2 === 0) sandbox.known = undefined;
        }
      }),
  },
  /** The disk of a node that goes by a journal is another one; its Pods run on. */
  loseJournal: {
    weight: 0.5,
    run: (world, a) =>
      onRunning(world, a, async (node) => {
        if (!node.hasJournal) return;
        await world.kill(node);
        world.behind.delete(node);
        const { given, freed } = await node.loseJournal();
        for (const sandbox of world.sandboxesOf(node)) {
          const isTheirs = ({ assignment }: AddressRecord) => assignment.containerId === sandbox.containerId;
          if (given.some(isTheirs)) sandbox.revoke();
          if (freed.some(isTheirs)) sandbox.state = 'either';
        }
      }),
  },
  cutOff: {
    weight: 1,
    run: (world, a) =>
      onRunning(world, a, (node) => {
        node.isCutOff = true;
        world.disturb(node);
        node.coild?.store.watch?.break(unreachable('watch'));
      }),
  },
  reconnect: {
    weight: 4,
    run: (world, a) => {
      const node = chosen(
        world.nodes.filter(({ isCutOff }) => isCutOff),
        a,
      );
      if (node) node.isCutOff = false;
      return node?.name;
    },
  },
  breakWatch: {
    weight: 1,
    run: (world, a) => onRunning(world, a, (node) => node.coild?.store.watch?.break(unreachable('watch'))),
  },
  /** Somebody takes all blocks from a node that runs. */
  takeBlocks: { weight: 0.5, run: (world, a) => onRunning(world, a, (node) => release(world, node)) },
  /** The controller finds a node gone; it may come back. */
  deleteNode: {
    weight: 0.5,
    run: async (world, a) => {
      const node = chosen(world.nodes, a)!;
      await world.kill(node);
      reboot(world, node);
      await release(world, node);
      return node.name;
    },
  },
  /** `coilctl address free` */
  freeAddress: {
    weight: 0.5,
    run: async (world, a) => {
      const sandbox = chosen(
        world.sandboxes.filter(({ containerId }) => recordsOf(world.stored, containerId).length > 0),
        a,
      );
      if (!sandbox) return undefined;
      const records = recordsOf(world.stored, sandbox.containerId).map((address) => world.stored.records.get(address)!);
      sandbox.revoke();
      await world.store.free(records, AbortSignal.timeout(10_000));
      world.lost(sandbox.node);
      return sandbox.containerId;
    },
  },
};

/** It takes its time. The runtime and the API server remember what ran before. */
function reboot(world: World, node: ModelNode): void {
  world.pass(1_000);
  node.reboot();
  for (const sandbox of world.sandboxesOf(node)) {
    const { known, hasPod } = sandbox;
    sandbox.die({ known: known && 'stopped', hasPod });
  }
}

async function onRunning(
  world: World,
  number: number,
  action: (node: ModelNode) => Promise<void> | void,
): Promise<string | undefined> {
  const node = chosen(
    world.nodes.filter(({ coild }) => coild !== undefined),
    number,
  );
  if (node) await action(node);
  return node?.name;
}

async function release(world: World, node: ModelNode): Promise<void> {
  for (const sandbox of world.sandboxesOf(node)) sandbox.revoke();
  await world.store.releaseNode(node.name, AbortSignal.timeout(10_000));
  world.lost(node);
}
