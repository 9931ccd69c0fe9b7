import type { AddressRecord, IpamStore } from '../../src/store/ipam-store.ts';

/** What stands in the datastore, read past all nodes. */
export interface Truth {
  /** The node that owns each block. */
  readonly owners: ReadonlyMap<string, string>;
  /** The records of owned blocks, by address. */
  readonly records: ReadonlyMap<string, AddressRecord>;
}

export const NOTHING: Truth = { owners: new Map(), records: new Map() };

/** Changes that a node has answered, and that the datastore was not told of. */
export interface Untold {
  readonly freed: readonly AddressRecord[];
  readonly given: readonly AddressRecord[];
}

/** What will stand in the datastore once the nodes have told it of all. */
export function withJournals(
  { owners, records }: Truth,
  nodes: Iterable<{ readonly name: string; readonly untold: Untold }>,
): Truth {
  const all = new Map(records);
  for (const { name, untold } of nodes) {
    for (const record of untold.freed) if (isOf(all.get(addressOf(record)), record)) all.delete(addressOf(record));
    for (const record of untold.given) {
      const found = all.get(addressOf(record));
      if (owners.get(record.block.toString()) === name && (!found || isOf(found, record)))
        all.set(addressOf(record), record);
    }
  }
  return { owners, records: all };
}

function isOf(found: AddressRecord | undefined, { assignment }: AddressRecord): boolean {
  return found?.assignment.containerId === assignment.containerId;
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
