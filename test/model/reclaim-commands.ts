import { type Commands, chosen } from './command.ts';
import { finish } from './delivery-commands.ts';
import { type ModelNode, netnsOf } from './model-node.ts';
import type { Sandbox } from './sandbox.ts';
import type { World } from './world.ts';

/** What nobody sends a DEL for, who tells of it, and what looks for it. */
export const RECLAIM_COMMANDS: Commands = {
  /** coild's timer; every other time all questions are answered at once. */
  look: {
    weight: 8,
    run: async (world, a, b) => {
      const node = chosen(world.nodes, a)!;
      if (!node.coild?.reclaim.look()) return undefined;
      await world.settle();
      if (b % 2 === 1) await answerAll(world, node);
      return node.name;
    },
  },
  /** CNI's GC: the runtime names the attachments that it has. */
  collect: {
    weight: 1,
    run: (world, a) => {
      const node = chosen(world.nodes, a)!;
      if (!node.coild) return undefined;
      const all = world.sandboxesOf(node);
      for (const sandbox of all) if (sandbox.known === undefined && !sandbox.isRest) sandbox.takeDown();
      const valid = all.filter(({ known }) => known !== undefined);
      world.collect(node.coild, valid);
      return node.name;
    },
  },
  /** A Pod is gone, and no DEL comes for it. */
  vanish: {
    weight: 3,
    run: (world, a, b) => {
      const sandbox = chosen(
        quiet(world).filter(({ known, hasPod }) => known !== undefined || hasPod),
        a,
      );
      if (!sandbox) return undefined;
      vanish(sandbox, b);
      return sandbox.containerId;
    },
  },
  /** The runtime of a node, or the API server, answers nothing more, until it is said again. */
  silence: {
    weight: 1,
    run: (world, a, b) => {
      const node = chosen(world.nodes, a)!;
      const source = b % 2 === 0 ? 'runtime' : 'api';
      if (!node.silent.delete(source)) node.silent.add(source);
      return `${node.name}: ${[...node.silent].join(' ')}`;
    },
  },
  /** Somebody deletes the link of a Pod that runs. */
  unlink: {
    weight: 1,
    run: (world, a) => {
      const sandbox = chosen(quiet(world).filter(isLinked), a);
      if (!sandbox) return undefined;
      const { links } = sandbox.node;
      links.deleteNetns(netnsOf(sandbox.containerId));
      links.addNetns(netnsOf(sandbox.containerId));
      sandbox.unlink();
      return sandbox.containerId;
    },
  },
  /** The runtime, or the API server, does not know a Pod that runs. */
  forget: {
    weight: 1,
    run: (world, a, b) => {
      const sandbox = chosen(quiet(world).filter(isLinked), a);
      if (!sandbox) return undefined;
      if (b % 2 === 0) sandbox.known = undefined;
      else sandbox.hasPod = false;
      return `${sandbox.containerId} by the ${b % 2 === 0 ? 'runtime' : 'API server'}`;
    },
  },
};

async function answerAll(world: World, node: ModelNode): Promise<void> {
  for (;;) {
    const call = node.coild!.gate.calls.find(({ medium }) => medium === 'proof');
    if (!call) return;
    await finish(world, { node, call });
    await world.settle();
  }
}

/** Its namespace is gone; the number says who has not heard of it yet, if anybody. */
export function vanish(sandbox: Sandbox, number: number): void {
  sandbox.node.links.deleteNetns(netnsOf(sandbox.containerId));
  const isKnown = number % 3 === 1 && !sandbox.isRest;
  sandbox.die({ known: isKnown ? 'stopped' : undefined, hasPod: number % 3 === 2 });
}

/** Those that nobody asks anything for: a runtime takes no namespace away while it does. */
function quiet(world: World): readonly Sandbox[] {
  return world.sandboxes.filter(({ calls }) => calls.size === 0);
}

function isLinked({ state, hasLink }: Sandbox): boolean {
  return state === 'live' && hasLink;
}
