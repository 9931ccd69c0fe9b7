import type { Sandbox } from '../e2e/sandbox.ts';
import type { StormNode } from './storm-node.ts';

/** A Pod whose ADD was acknowledged, and for which no DEL was sent. */
export interface LivePod {
  readonly node: StormNode;
  readonly sandbox: Sandbox;
  /** The result of its ADD. */
  readonly result: unknown;
  readonly addresses: readonly string[];
}

/**
 * What coild has promised by its answers: an address is a Pod's from the answer to its ADD until a DEL is sent. Whatever
 * breaks a promise is kept here.
 */
export class Ledger {
  readonly violations: string[] = [];
  readonly #live = new Map<Sandbox, LivePod>();
  readonly #holders = new Map<string, LivePod>();

  get live(): readonly LivePod[] {
    return [...this.#live.values()];
  }

  /** An ADD was acknowledged: a first one, or a repeated one. */
  attached(pod: LivePod): void {
    const before = this.#live.get(pod.sandbox);
    if (before !== undefined && String(before.addresses) !== String(pod.addresses))
      this.violation(
        `${nameOf(pod)} had ${before.addresses}, and is told ${pod.addresses} by an ADD that was repeated`,
      );
    for (const address of pod.addresses) {
      const holder = this.#holders.get(address);
      if (holder !== undefined && holder.sandbox !== pod.sandbox)
        this.violation(`${address} was given to ${nameOf(pod)} while ${nameOf(holder)} has it`);
      this.#holders.set(address, pod);
    }
    this.#live.set(pod.sandbox, pod);
  }

  /** A DEL is about to be sent: from now on its addresses may be another's. */
  detaching(sandbox: Sandbox): void {
    const pod = this.#live.get(sandbox);
    this.#live.delete(sandbox);
    for (const address of pod?.addresses ?? []) {
      if (this.#holders.get(address)?.sandbox === sandbox) this.#holders.delete(address);
    }
  }

  violation(what: string): void {
    this.violations.push(what);
  }
}

/** The words by which logs can be searched for it. */
export function nameOf({ node, sandbox }: Pick<LivePod, 'node' | 'sandbox'>): string {
  return `${sandbox.pod} on ${node.name} (container ${sandbox.containerId.slice(0, 12)})`;
}
