import { PROGRAMS } from './built-programs.ts';
import { type CommandLine, type CommandOptions, output, run } from './command.ts';
import type { Datastore } from './datastore.ts';
import type { Node } from './node.ts';
import { until } from './until.ts';

/** Where Pods get addresses, but for namespaces with a pool of their own: 16 blocks of 2^4 addresses. */
export const POOL = { name: 'default', subnet: '10.20.0.0/24', size: '4' };

/** The administrator's tool, on one of the nodes. */
export class Coilctl {
  readonly store: Datastore;
  readonly #node: Node;

  constructor(node: Node, store: Datastore) {
    this.store = store;
    this.#node = node;
  }

  async untilStoreAnswers({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    let complaint = '';
    const answers = async () => {
      const { status, stderr } = await run(this.#line('pool', 'list'), { signal });
      complaint = stderr.trim();
      return status === 0 ? true : undefined;
    };
    await until(() => `the datastore answers; coilctl said last: ${complaint}`, answers, {
      signal,
      logs: this.store.logs,
    });
  }

  async createPool(options: CommandOptions): Promise<void> {
    await output(this.#line('pool', 'create', POOL.name, POOL.subnet, POOL.size), options);
  }

  /** The blocks that a node owns, such as 10.20.0.0/28. */
  async blocksOf({ name }: Node, options: CommandOptions): Promise<readonly string[]> {
    const answer = await output(this.#line('node', 'blocks', name), options);
    return [...answer.matchAll(/^ {4}(\S+)$/gm)].map(([, block]) => block!);
  }

  #line(...args: readonly string[]): CommandLine {
    return this.#node.netns.inside([PROGRAMS.coilctl, ...this.store.flags, ...args]);
  }
}
