import type { HostAttachment, HostCondition, HostRepair, HostSide } from '../../src/podnet/host-side.ts';

/** A node's links in memory: each is there, and has the routes that it should have or not. */
export class FakeHostSide implements HostSide {
  /** Errors that the next calls fail with, before they change anything. */
  readonly failures: Error[] = [];
  /** Every call: `look veth-a`. */
  readonly calls: string[] = [];
  readonly #conditions = new Map<string, HostCondition>();

  /** What the link of that name is like; at the beginning none is there. */
  set(hostIfname: string, condition: HostCondition): void {
    this.#conditions.set(hostIfname, condition);
  }

  async look({ hostIfname }: HostAttachment): Promise<HostCondition> {
    this.#begin(`look ${hostIfname}`);
    return this.#conditions.get(hostIfname) ?? 'gone';
  }

  async mend({ hostIfname, addresses }: HostAttachment, isWanted: () => boolean): Promise<readonly HostRepair[]> {
    this.#begin(`mend ${hostIfname}`);
    if (this.#conditions.get(hostIfname) !== 'damaged' || !isWanted()) return [];
    this.#conditions.set(hostIfname, 'right');
    return addresses.map((address) => ({ part: 'route', what: `route ${address} is missing`, outcome: 'mended' }));
  }

  #begin(call: string): void {
    this.calls.push(call);
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
  }
}
