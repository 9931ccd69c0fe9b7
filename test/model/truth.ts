import type { AddressRecord, IpamStore } from '../../src/store/ipam-store.ts';

/** What stands in the datastore, read past all nodes. */
export interface Truth {
  /** The node that owns each block. */
  readonly owners: ReadonlyMap<string, string>;
  /** The records of owned blocks, by address. */
  readonly records: ReadonlyMap<string, AddressRecord>;
}

/** Reads it through the port, by the test's own client. */
export async function readTruth(store: IpamStore): Promise<Truth> {
  const signal = AbortSignal.timeout(10_000);
  const owners = new Map<string, string>();
  const reads: Promise<readonly AddressRecord[]>[] = [];
  for (const [node, blocks] of await store.listBlocks(signal)) {
    for (const { block } of blocks) {
      owners.set(block.toString(), node);
      reads.push(store.listAddresses(block, signal));
    }
  }
  const records = (await Promise.all(reads)).flat();
  return { owners, records: new Map(records.map((record) => [addressOf(record), record])) };
}

export function addressOf({ block, offset }: Pick<AddressRecord, 'block' | 'offset'>): string {
  return block.nth(offset).toString();
}

export function blocksOf(truth: Truth, node: string): readonly string[] {
  return [...truth.owners].filter(([, owner]) => owner === node).map(([block]) => block);
}

/** The addresses that are recorded for a container. */
export function recordsOf(truth: Truth, containerId: string): readonly string[] {
  return [...truth.records]
    .filter(([, { assignment }]) => assignment.containerId === containerId)
    .map(([address]) => address);
}
