import type { IpAddress } from '../model/ip-address.ts';
import type { AttachmentLinks } from '../podnet/attachment-links.ts';
import { sleep } from '../process/backoff.ts';
import type { Logger } from '../process/logger.ts';
import type { NodeState } from './node-state.ts';

/** An address that a Pod of the node lives with, and that no record lets it have. */
export interface UnrecordedAddress {
  readonly address: IpAddress;
  /** Name of the Pod's link on the node. */
  readonly link: string;
  /** `CONTAINER/INTERFACE` */
  readonly owner: string;
  readonly reason: "its block is not this node's" | 'it is assigned to another' | 'nobody has a record of it';
}

export interface UnrecordedLinksOptions {
  /** How often is looked, in milliseconds. */
  readonly scanIntervalMs: number;
}

export interface UnrecordedLinksDeps {
  readonly links: AttachmentLinks;
  readonly state: Pick<NodeState, 'records' | 'blocks'>;
  readonly sync: { ready(signal: AbortSignal): Promise<void> };
  readonly logger: Logger;
}

/**
 * Looks for Pods whose address is not recorded for them, and tells of them: a datastore was restored from a backup that
 * knows nothing of them, or an address was freed under its Pod. On the node nobody else is given such an address as long
 * as the link is there; where its block is another node's, or nobody's, nothing keeps others from it.
 */
export class UnrecordedLinks {
  readonly #options: UnrecordedLinksOptions;
  readonly #deps: UnrecordedLinksDeps;
  #found: readonly UnrecordedAddress[] = [];

  constructor(options: UnrecordedLinksOptions, deps: UnrecordedLinksDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Looks at once, and again and again, until `signal` is aborted; never throws. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#deps.sync.ready(signal);
        await this.#look(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#deps.logger.error('cannot look for Pods without a record; trying again at the next scan', { error });
      }
      await sleep(this.#options.scanIntervalMs, signal).catch(() => undefined);
    }
  }

  /** What the last look found, as far as it is so now. @throws {CoilError} network */
  async current(signal: AbortSignal): Promise<readonly UnrecordedAddress[]> {
    if (this.#found.length > 0) await this.#look(signal);
    return this.#found;
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { links, state, logger } = this.#deps;
    // an ADD is recorded before its route is made, a DEL after it is gone: one of the two readings has each
    const before = state.records;
    const view = await links.look(signal);
    const records = [...before, ...state.records];
    const claims = records.map(({ block, offset, assignment: { containerId, ifname } }) => {
      const interfaceOf = ifname === undefined ? {} : { ifname };
      return { address: block.nth(offset), containerId, ...interfaceOf };
    });
    const reasonOf = (address: IpAddress): UnrecordedAddress['reason'] => {
      if (!state.blocks.some(({ block }) => block.contains(address))) return "its block is not this node's";
      const isTaken = claims.some((claim) => claim.address.equals(address));
      return isTaken ? 'it is assigned to another' : 'nobody has a record of it';
    };
    const known = new Set(this.#found.map(keyOf));
    this.#found = view
      .unclaimed(claims)
      .flatMap(({ name: link, owner, addresses }) =>
        addresses.map((address) => ({ address, link, owner, reason: reasonOf(address) })),
      );
    for (const each of this.#found.filter((one) => !known.has(keyOf(one)))) {
      const fields = { ...each, address: String(each.address) };
      logger.warn('a Pod lives with an address that is not recorded for it; delete it', fields);
    }
  }
}

function keyOf({ address, owner }: UnrecordedAddress): string {
  return `${address} ${owner}`;
}
