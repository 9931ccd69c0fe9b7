import { existsSync } from 'node:fs';
import { type CommandLine, type CommandOptions, output } from './command.ts';
import { DemoError } from './demo-error.ts';
import type { DemoRun } from './demo-run.ts';

/** A network namespace of this run. */
export class Netns {
  readonly name: string;

  private constructor(name: string) {
    this.name = name;
  }

  /** `ip netns add`, with its loopback up. */
  static async create(run: DemoRun, name: string): Promise<Netns> {
    const netns = new Netns(`${run.name}-${name}`);
    if (existsSync(netns.path)) throw new DemoError(`there is a network namespace ${netns.name}, not made by this run`);
    run.undo.defer(() => netns.#delete());
    await output(['ip', 'netns', 'add', netns.name], run);
    await output(['ip', '-n', netns.name, 'link', 'set', 'lo', 'up'], run);
    return netns;
  }

  get path(): string {
    return `/run/netns/${this.name}`;
  }

  /** The command that runs another inside. Unlike `ip netns exec` it changes nothing but the network. */
  inside(line: CommandLine): CommandLine {
    return ['nsenter', `--net=${this.path}`, ...line];
  }

  /** `ip ARGS` inside, words separated by single spaces; gives what it prints. */
  ip(line: string, options: CommandOptions): Promise<string> {
    return output(['ip', '-n', this.name, ...line.split(' ')], options);
  }

  async #delete(): Promise<void> {
    if (existsSync(this.path)) await output(['ip', 'netns', 'delete', this.name]);
  }
}
