import { CoilError } from '../../src/model/error.ts';
import { type Commands, chosen } from './command.ts';
import type { HeldCall } from './gate.ts';
import type { ModelNode } from './model-node.ts';
import type { World } from './world.ts';

/** What becomes of calls to the outside, and in which order. */
export const DELIVERY_COMMANDS: Commands = {
  /** The next thing happens to one call: its effect, or its answer. */
  advance: {
    weight: 50,
    run: async (world, a) => {
      const held = chosen(world.held, a);
      if (!held) return undefined;
      if (held.call.isMade) return answer(held);
      await make(world, held);
      return `${describe(held)} made`;
    },
  },
  /** Effect and answer at once. */
  finish: {
    weight: 25,
    run: async (world, a) => {
      const held = chosen(world.held, a);
      if (!held) return undefined;
      await finish(world, held);
      return describe(held);
    },
  },
  /** The node hears of changes. */
  hear: {
    weight: 15,
    run: async (world, a, b) => {
      const node = chosen(world.nodes, a)!;
      return `${await hear(world, node, 1 + (b % 4))} changes by ${node.name}`;
    },
  },
  /** It fails without effect. */
  fail: {
    weight: 2,
    run: (world, a) => {
      const held = chosen(
        world.held.filter(({ call }) => !call.isMade && call.medium !== 'time'),
        a,
      );
      if (!held) return undefined;
      fail(world, held);
      return describe(held);
    },
  },
  /** Its answer is lost. */
  lose: {
    weight: 2,
    run: async (world, a) => {
      const held = chosen(storeCalls(world), a);
      if (!held) return undefined;
      if (!held.call.isMade) await make(world, held);
      await world.settle();
      fail(world, held);
      return describe(held);
    },
  },
  /** It is given up, and its effect comes later, or never. */
  delay: {
    weight: 5,
    run: async (world, a) => {
      const held = chosen(
        storeCalls(world).filter(({ call }) => !call.isMade && call.send),
        a,
      );
      if (!held) return undefined;
      await world.leave(held.node, held.call, 'failed');
      fail(world, held);
      return describe(held);
    },
  },
  /** An effect comes late. */
  late: {
    weight: 3,
    run: async (world, a) => {
      const late = chosen(world.late, a);
      if (!late) return undefined;
      world.late.splice(world.late.indexOf(late), 1);
      await makeLate(world, late);
      return `${late.node.name}: ${late.name}`;
    },
  },
};

interface Held {
  readonly node: ModelNode;
  readonly call: HeldCall;
}

/** Effect and answer of one call. */
export async function finish(world: World, held: Held): Promise<void> {
  if (!held.call.isMade) await make(world, held);
  await world.settle();
  held.call.answer();
}

export async function makeLate(world: World, { node, make }: World['late'][number]): Promise<void> {
  world.isMakingLate = true;
  await make();
  world.isMakingLate = false;
  world.changed();
  // what its node knows by now does not hold any more
  if (node.coild || node.hasJournal) world.behind.add(node);
  await world.settle();
}

/** Lets the node hear of at most `count` changes. Gives of how many it did. */
export async function hear(world: World, node: ModelNode, count: number): Promise<number> {
  const watch = node.coild?.store.watch;
  if (!watch) return 0;
  await watch.caughtUp(world.stored);
  let heard = 0;
  while (heard < count && watch.deliver()) {
    heard++;
    await world.settle();
  }
  return heard;
}

export function unreachable(what: string): CoilError {
  return new CoilError('store-unavailable', `cannot ${what}: the model says so`);
}

async function make(world: World, { node, call }: Held): Promise<void> {
  if (call.medium === 'store' && node.isCutOff) {
    world.disturb(node);
    call.fail(unreachable(call.name));
    return;
  }
  await call.make();
}

function answer(held: Held): string {
  held.call.answer();
  return `${describe(held)} answered`;
}

function fail(world: World, { node, call }: Held): void {
  if (call.medium === 'kernel') {
    world.refuse(node);
    call.fail(new CoilError('network', `cannot ${call.name}`));
  } else {
    // what tells nothing of leaks hinders nobody
    if (call.medium !== 'proof') world.disturb(node);
    call.fail(unreachable(call.name));
  }
}

function storeCalls(world: World): readonly Held[] {
  return world.held.filter(({ call }) => call.medium === 'store');
}

function describe({ node, call }: Held): string {
  return `${node.name}: ${call.name}`;
}
