import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { EtcdFixture } from '../etcd/etcd-fixture.ts';
import type { TestNetns } from '../kernel/kernel-fixture.ts';
import { eventually } from './eventually.ts';

/** What happens to a block; 'allocated': an address of it was assigned. */
export type BlockEvent = 'acquired' | 'exported' | 'allocated' | 'withdrawn' | 'returned';

interface Watched {
  readonly fixture: EtcdFixture;
  readonly netns: TestNetns;
  /** The node's name. */
  readonly node: string;
}

const ROUTE = /^(Deleted )?([0-9.]+)(?:\/\d+)? dev lo table 119 /;
const MARK = '192.0.2.';

/**
 * Records what becomes of a node's blocks, in the order in which this process is told: by a watch of etcd, and by what
 * the kernel announces of table 119. Either may be told of a few milliseconds late.
 */
export class OrderMonitor implements AsyncDisposable {
  /** By block: `10.1.0.0`. */
  readonly events = new Map<string, BlockEvent[]>();
  readonly #watched: Watched;
  readonly #stack = new AsyncDisposableStack();
  #marks = 0;

  private constructor(watched: Watched) {
    this.#watched = watched;
  }

  static async start(watched: Watched): Promise<OrderMonitor> {
    const monitor = new OrderMonitor(watched);
    try {
      await monitor.#watchEtcd();
      monitor.#watchKernel();
      await monitor.caughtUp();
      return monitor;
    } catch (error) {
      await monitor[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Waits until everything has been told that happened until now. */
  async caughtUp(): Promise<void> {
    const { fixture, netns } = this.#watched;
    const mark = `${MARK}${++this.#marks}`;
    await fixture.keys.put(`owner/${mark}`).value(this.#watched.node);
    // the kernel's monitor may not listen yet: the mark is made until it is seen
    await eventually('etcd and the kernel have told all', async () => {
      await netns.ip(`route add ${mark} dev lo table 119 proto static`);
      await netns.ip(`route delete ${mark} dev lo table 119 proto static`);
      const told = this.events.get(mark) ?? [];
      return told.includes('acquired') && told.includes('withdrawn');
    });
    await fixture.keys.delete().key(`owner/${mark}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #watchEtcd(): Promise<void> {
    const watcher = await this.#watched.fixture.keys.watch().prefix('').create();
    this.#stack.defer(() => watcher.cancel());
    watcher.on('put', ({ key, value }) => {
      const [kind, block = ''] = key.toString().split('/');
      if (kind === 'owner' && value.toString() === this.#watched.node) this.#note(block, 'acquired');
      else if (kind === 'ip') this.#note(block, 'allocated');
    });
    watcher.on('delete', ({ key }) => {
      const [kind, block = ''] = key.toString().split('/');
      if (kind === 'owner') this.#note(block, 'returned');
    });
  }

  #watchKernel(): void {
    const args = ['-n', this.#watched.netns.name, '-oneline', 'monitor', 'route'];
    const monitor = spawn('ip', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#stack.defer(() => ended(monitor));
    createInterface(monitor.stdout).on('line', (line) => {
      const [found, deleted, block = ''] = ROUTE.exec(line) ?? [];
      if (found !== undefined) this.#note(block, deleted === undefined ? 'exported' : 'withdrawn');
    });
  }

  #note(block: string, event: BlockEvent): void {
    const events = this.events.get(block);
    if (events) events.push(event);
    else this.events.set(block, [event]);
  }
}

async function ended(process: ChildProcess): Promise<void> {
  const exited = once(process, 'exit');
  process.kill();
  await exited;
}

/** Acquire, export, allocate, withdraw, return, and so on from the beginning. */
export function isInOrder(events: readonly BlockEvent[]): boolean {
  return /^(ael*wr)*(a(e(l*w?)?)?)?$/.test(events.map((event) => LETTERS[event]).join(''));
}

const LETTERS = { acquired: 'a', exported: 'e', allocated: 'l', withdrawn: 'w', returned: 'r' } as const;
