import assert from 'node:assert/strict';
import { CoilError } from '../../src/model/error.ts';
import type { IpamNode } from '../contract/ipam-node.ts';
import { soon } from '../contract/store-fixture.ts';
import type { V1Coild } from './v1-coild.ts';

/** What one client of a node tries to hold; a few of them want more than the pool has. */
const MOST_HELD = 20;
const STEPS = 200;

/** One node in a contest for the addresses of pool `default`. */
export interface Contestant {
  /** undefined where the pool has no more. */
  allocate(containerId: string): Promise<string | undefined>;
  free(containerId: string, address: string): Promise<void>;
}

export const podOf = (containerId: string) => ({ containerId, namespace: 'default', pod: `pod-${containerId}` });

export function v1Contestant(coild: V1Coild): Contestant {
  return {
    allocate: (containerId) => coild.allocate('default', podOf(containerId)),
    free: (_containerId, address) => coild.free('default', address),
  };
}

export function ourContestant({ ipam }: IpamNode): Contestant {
  return {
    allocate: async (containerId) => {
      try {
        return String((await ipam.allocate({ ...podOf(containerId), ifname: 'eth0' }, soon())).addresses[0]);
      } catch (error) {
        if (CoilError.is(error, 'out-of-addresses')) return undefined;
        throw error;
      }
    },
    free: async (containerId, address) => {
      const freed = await ipam.release({ ...podOf(containerId), ifname: 'eth0' }, soon());
      assert.deepEqual(freed.map(String), [address]);
    },
  };
}

/** Who has which address, by what the contestants were answered; an address that is given twice is an error. */
export class PoolContest {
  readonly #held = new Map<string, { readonly containerId: string; readonly by: Contestant }>();

  /** Containers by address. */
  get held(): ReadonlyMap<string, string> {
    return new Map([...this.#held].map(([address, { containerId }]) => [address, containerId]));
  }

  /**
   * Fills up, then gives all back, again and again, so that blocks come and go; one call after the other. Of several
   * at once, each names its containers differently.
   */
  async run(by: Contestant, name: string): Promise<void> {
    const own: { readonly containerId: string; readonly address: string }[] = [];
    let filling = true;
    for (let step = 0; step < STEPS; step++) {
      if (own.length === 0) filling = true;
      else if (own.length === MOST_HELD) filling = false;
      if (!filling) {
        const { containerId, address } = own.shift()!;
        this.#held.delete(address);
        await by.free(containerId, address);
        continue;
      }
      const containerId = `${name}-${step}`;
      const address = await by.allocate(containerId);
      if (address === undefined) {
        filling = own.length === 0;
        continue;
      }
      assert.equal(this.#held.get(address)?.containerId, undefined, `${address} is given to ${containerId} as well`);
      this.#held.set(address, { containerId, by });
      own.push({ containerId, address });
    }
  }

  /** Frees all that is held. */
  async end(): Promise<void> {
    for (const [address, { containerId, by }] of this.#held) await by.free(containerId, address);
    this.#held.clear();
  }
}
