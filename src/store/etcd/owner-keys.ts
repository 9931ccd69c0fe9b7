import { CoilError } from '../../model/error.ts';
import type { IpAddress } from '../../model/ip-address.ts';
import type { IpPrefix } from '../../model/ip-prefix.ts';
import { isNodeName } from '../../model/node-name.ts';
import type { SubnetBlocks } from './block-documents.ts';
import type { EtcdDatabase } from './etcd-database.ts';
import type { TxnRequest } from './etcd-messages.ts';
import type { Keys } from './keys.ts';
import { found, get, isAbsent, isAt, type KeyValue, MAX_OPERATIONS, put, remove } from './transaction.ts';

/**
 * The node that an `owner/` key names. Where it names none, the block document tells still who owns the block, and that
 * node sets the key.
 * @throws {CoilError} corrupt-data that names the key
 */
export function readOwner({ key, value }: KeyValue): string {
  if (isNodeName(value)) return value;
  throw new CoilError('corrupt-data', `${key}: ${JSON.stringify(value.slice(0, 256))} is not the name of a node`);
}

/**
 * The transactions that make a node's `owner/` keys what the block documents say. These are the truth: a Coil of v1
 * changes them only, so that a block it acquired has no owner key, and one it took away still has. None where all is
 * right. Each holds only as long as the document is as it was read.
 */
export function ownerRepairs(
  keys: Keys,
  node: string,
  documents: readonly SubnetBlocks[],
  owners: readonly KeyValue[],
): TxnRequest[] {
  const known = new Map(owners.map((entry) => [entry.key, entry]));
  const claimed = owners
    .filter((entry) => entry.value === node)
    .map((entry) => ({ entry, address: keys.ownedBlock(entry.key) }))
    .filter((claim): claim is { entry: KeyValue; address: IpAddress } => claim.address !== undefined);
  return documents.flatMap(({ subnet, document }) => {
    const owned = document.blocksOf(node).map((block) => keys.owner(block));
    const unchanged = isAt(document.key, document.revision);
    const adopted = owned
      .filter((key) => known.get(key)?.value !== node)
      .map((key) => ({ compare: [unchanged, isAsRead(key, known.get(key))], success: [put(key, node)] }));
    const disowned = claimed
      .filter(({ entry, address }) => subnet.contains(address) && !owned.includes(entry.key))
      .map(({ entry: { key, revision } }) => ({ compare: [unchanged, isAt(key, revision)], success: [remove(key)] }));
    return [...merge(adopted), ...merge(disowned)];
  });
}

/** The owner keys of these blocks, as far as they have one. */
export async function readOwners(
  { client, keys }: EtcdDatabase,
  blocks: readonly IpPrefix[],
  signal: AbortSignal,
): Promise<KeyValue[]> {
  const owners: KeyValue[] = [];
  for (let i = 0; i < blocks.length; i += MAX_OPERATIONS) {
    const some = blocks.slice(i, i + MAX_OPERATIONS).map((block) => get(keys.owner(block)));
    owners.push(...found(await client.read('read the owner keys of blocks', some, signal)).flat());
  }
  return owners;
}

/** False where somebody else was faster: then read anew. Repeatable. */
export async function repairOwners(
  { client }: EtcdDatabase,
  repairs: readonly TxnRequest[],
  signal: AbortSignal,
): Promise<boolean> {
  for (const repair of repairs) {
    const response = await client.transact('set owner keys as block documents are', repair, signal);
    if (!response.succeeded) return false;
  }
  return true;
}

function isAsRead(key: string, entry: KeyValue | undefined) {
  return entry ? isAt(key, entry.revision) : isAbsent(key);
}

/** One transaction for several that compare the same document first. */
function merge(steps: readonly Required<Pick<TxnRequest, 'compare' | 'success'>>[]): TxnRequest[] {
  const merged: TxnRequest[] = [];
  for (let i = 0; i < steps.length; i += MAX_OPERATIONS - 1) {
    const some = steps.slice(i, i + MAX_OPERATIONS - 1);
    const [unchanged] = some[0]!.compare;
    merged.push({
      compare: [unchanged!, ...some.flatMap(({ compare }) => compare.slice(1))],
      success: some.flatMap(({ success }) => success),
    });
  }
  return merged;
}
