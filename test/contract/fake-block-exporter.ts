import { CoilError } from '../../src/model/error.ts';
import type { IpFamily } from '../../src/model/ip-address.ts';
import type { IpPrefix } from '../../src/model/ip-prefix.ts';
import type { BlockExporter, SyncReport } from '../../src/podnet/block-exporter.ts';

/** A routing table in memory, with the promises of BlockExporter. */
export class FakeBlockExporter implements BlockExporter {
  /** Errors that the next calls fail with, before they change anything. */
  readonly failures: Error[] = [];
  /** Of which the node takes no route. */
  readonly refusedFamilies = new Set<IpFamily>();
  /** What each call asked for. */
  readonly calls: string[][] = [];
  readonly #foreign = new Set<string>();
  #exported = new Map<string, IpPrefix>();

  /** A route that another protocol has in the table. */
  addForeignRoute(block: IpPrefix): void {
    this.#foreign.add(String(block));
  }

  /** Takes an exported route away behind the exporter's back. */
  removeRoute(block: IpPrefix): void {
    this.#exported.delete(String(block));
  }

  /** The blocks that are exported, in order. */
  get exported(): string[] {
    return [...this.#exported.values()].sort((one, other) => one.compare(other)).map(String);
  }

  async sync(desired: readonly IpPrefix[], signal: AbortSignal): Promise<SyncReport> {
    this.calls.push(desired.map(String));
    signal.throwIfAborted();
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    const refused = desired
      .filter((block) => this.refusedFamilies.has(block.family))
      .map((block) => ({ block, error: new CoilError('network', `${block} is refused`) }));
    const taken = desired.filter((block) => !this.refusedFamilies.has(block.family));
    const wanted = new Map(taken.map((block) => [String(block), block]));
    const before = this.#exported;
    this.#exported = wanted;
    return {
      added: [...wanted].filter(([text]) => !before.has(text)).map(([, block]) => block),
      removed: [...before].filter(([text]) => !wanted.has(text)).map(([, block]) => block),
      refused,
    };
  }

  /** A line a route. */
  toString(): string {
    const lines = [
      ...this.exported.map((block) => `${block} own`),
      ...[...this.#foreign].map((block) => `${block} foreign`),
    ];
    return lines
      .sort()
      .map((line) => `${line}\n`)
      .join('');
  }
}
