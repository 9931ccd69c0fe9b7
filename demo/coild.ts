import { PROGRAMS } from './built-programs.ts';
import { type CommandOptions, type Outcome, run } from './command.ts';
import { Daemon } from './daemon.ts';
import type { Datastore } from './datastore.ts';
import { DemoError } from './demo-error.ts';
import type { DemoRun } from './demo-run.ts';
import type { Node } from './node.ts';
import { until } from './until.ts';

const NETCONF = { cniVersion: '1.1.0', name: 'k8s', type: 'coil' };

type CniVariables = Readonly<Record<`CNI_${string}`, string>>;

/** A node's coild, and the CNI plugin that hands calls over to it. */
export class Coild {
  readonly node: Node;
  readonly log: string;
  readonly #netconf: string;

  private constructor(node: Node, log: string, socket: string) {
    this.node = node;
    this.log = log;
    this.#netconf = JSON.stringify({ ...NETCONF, coild: `unix://${socket}` });
  }

  static async start(demo: DemoRun, node: Node, store: Datastore): Promise<Coild> {
    const socket = demo.path(`${node.name}-coild.sock`);
    const journal = demo.path(`${node.name}-journal.db`);
    const { log } = await Daemon.start(demo, {
      title: `coild of ${node.name}`,
      netns: node.netns,
      line: [PROGRAMS.coild, ...store.flags, `--socket=${socket}`, '--scan-interval=1s', `--journal=${journal}`],
      log: `${node.name}-coild.log`,
      env: { COIL_NODE_NAME: node.name },
    });
    return new Coild(node, log, socket);
  }

  /** Waits until it says so by CNI's STATUS: it has read the node's state from the datastore. */
  async ready({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    let answer = '';
    const probe = async () => {
      const { status, stdout } = await this.#plugin({ CNI_COMMAND: 'STATUS' }, { signal });
      answer = stdout.trim();
      return status === 0 ? true : undefined;
    };
    await until(() => `coild of ${this.node.name} is ready; CNI STATUS said last: ${answer}`, probe, {
      signal,
      logs: [this.log],
    });
  }

  /**
   * Calls the plugin as a container runtime does: variables in the environment, the netconf on standard input.
   * @returns what it prints
   * @throws {DemoError} with what it prints
   */
  async call(command: 'ADD' | 'DEL', variables: CniVariables, options: CommandOptions): Promise<string> {
    const { status, stdout } = await this.#plugin({ ...variables, CNI_COMMAND: command }, options);
    if (status === 0) return stdout;
    throw new DemoError(`CNI ${command} failed on ${this.node.name}: ${stdout.trim()}`, { logs: [this.log] });
  }

  #plugin(env: CniVariables, options: CommandOptions): Promise<Outcome> {
    return run(this.node.netns.inside([PROGRAMS.coil]), { ...options, env, input: this.#netconf });
  }
}
