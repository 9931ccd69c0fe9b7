import { setTimeout as delay } from 'node:timers/promises';
import type { CoildProcess } from '../e2e/coild-process.ts';
import { NodeUnderTest } from '../e2e/node-under-test.ts';
import { Relay } from '../e2e/relay.ts';
import type { EtcdFixture } from '../etcd/etcd-fixture.ts';
import type { EtcdServer } from '../etcd/etcd-server.ts';

/** Blocks come and go, and their addresses too, while the storm lasts. */
const FLAGS = ['--http=', '--scan-interval=1s', '--address-rest=500ms'];

/** So many lines of a log are told, from its beginning and from its end. */
const TOLD = 12;

export interface StormNodeOptions {
  readonly name: string;
  readonly server: EtcdServer;
  readonly fixture: EtcdFixture;
}

/** A node whose link to etcd can be cut or fall silent, and whose coild can be killed and started again. */
export class StormNode implements AsyncDisposable {
  readonly under: NodeUnderTest;
  /** The only way to etcd. */
  readonly link: Relay;
  /** Of every coild that there was, in their order. */
  readonly coilds: CoildProcess[] = [];

  private constructor(under: NodeUnderTest, link: Relay) {
    this.under = under;
    this.link = link;
  }

  static async create({ name, server, fixture }: StormNodeOptions): Promise<StormNode> {
    let link: Relay | undefined;
    const under = await NodeUnderTest.create(
      async ({ netns }) => {
        const { host, port } = server;
        const opened = await Relay.listen({ listen: { netns, port }, target: { host, port } });
        link = opened;
        return {
          flags: [`--etcd-endpoints=${server.url}`, `--etcd-prefix=${fixture.prefix}`],
          store: await fixture.open(),
          interrupt: () => opened.cut(),
          restore: () => opened.restore(),
          [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
        };
      },
      { name, pools: [] },
    );
    return new StormNode(under, link!);
  }

  get name(): string {
    return this.under.name;
  }

  /** Does not wait until it serves. */
  startCoild(): void {
    this.coilds.push(this.under.spawnCoild(this.under.flags(...FLAGS)));
  }

  /** Whether it ends well is not asked: this may be in the middle of its start. */
  async endCoild(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const coild = this.coilds.at(-1)!;
    coild.signal(signal);
    await coild.ended();
  }

  /** As a machine that swaps, or a process that somebody debugs. */
  async hangCoild(ms: number): Promise<void> {
    const coild = this.coilds.at(-1)!;
    coild.signal('SIGSTOP');
    await delay(ms);
    coild.signal('SIGCONT');
  }

  /** Lines of the logs of all its coilds that have one of `words`, the first and the last ones. */
  told(words: readonly string[]): readonly string[] {
    const lines = this.coilds.flatMap(({ output }, i) =>
      output.split('\n').map((line) => `${this.name}/${i}: ${line}`),
    );
    const found = lines.filter((line) => words.some((word) => line.includes(word)));
    return found.filter((_, i) => i < TOLD || i >= found.length - TOLD);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.under[Symbol.asyncDispose]();
  }
}
