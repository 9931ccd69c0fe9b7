import { type Commands, chosen } from './command.ts';
import type { World } from './world.ts';

/** What container runtimes and coild's own timer ask for. */
export const RUNTIME_COMMANDS: Commands = {
  add: { weight: 12, run: (world, a) => begin(world, 'ADD', a) },
  del: { weight: 8, run: (world, a) => begin(world, 'DEL', a) },
  /** After a call that failed comes another one, as a rule. */
  retry: {
    weight: 6,
    run: (world, a, b) => {
      const sandbox = chosen(
        world.sandboxes.filter(({ state, calls, node }) => state === 'either' && calls.size === 0 && node.coild),
        a,
      );
      if (!sandbox) return undefined;
      const verb = b % 3 === 0 ? 'ADD' : 'DEL';
      world.begin(verb, sandbox);
      return `${verb} of ${sandbox.containerId}`;
    },
  },
  /** The deadline of a call, or a runtime that went away. */
  giveUp: {
    weight: 2,
    run: (world, a) => {
      const call = chosen(world.calls, a);
      if (!call) return undefined;
      world.disturb(call.sandbox.node);
      call.abort.abort(new DOMException('too late', 'TimeoutError'));
      return `${call.verb} of ${call.sandbox.containerId}`;
    },
  },
  scan: {
    weight: 3,
    run: (world, a, b) => {
      const coild = chosen(world.nodes, a)?.coild;
      if (!coild) return undefined;
      world.scan(coild, b % 2 === 0 ? 0 : 60_000);
      return `node${(a % world.nodes.length) + 1}`;
    },
  },
  pass: {
    weight: 2,
    run: (world, a) => {
      world.pass(10 ** (2 + (a % 4)));
      return `until ${world.now} ms`;
    },
  },
};

function begin(world: World, verb: 'ADD' | 'DEL', number: number): string | undefined {
  const sandbox = chosen(world.sandboxes, number)!;
  // a runtime that waits for more answers than these sends no more
  if (sandbox.node.coild === undefined || sandbox.calls.size >= 3) return undefined;
  world.begin(verb, sandbox);
  return `of ${sandbox.containerId}`;
}
