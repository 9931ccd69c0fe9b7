import { readFileSync } from 'node:fs';
import { AddressPool } from '../../src/model/address-pool.ts';
import { parseIpAssignment } from '../../src/model/ip-assignment.ts';
import type { IpPrefix } from '../../src/model/ip-prefix.ts';
import type { IpamStore } from '../../src/store/ipam-store.ts';

/** A key of etcd and its value. */
export interface GoldenKey {
  readonly key: string;
  readonly value: string;
}

/** Every key that a v1 cluster had: test/golden/v1-etcd.jsonl. */
export function v1Keys(): readonly GoldenKey[] {
  const lines = readFileSync(new URL('../golden/v1-etcd.jsonl', import.meta.url), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as GoldenKey);
}

/** Which blocks were acquired, in this order: `gone` gave its own back, so that it went to the end of the free list. */
const ACQUIRED = [
  ['gone', 'default'],
  ['node1', 'default'],
  ['node2', 'default'],
  ['node1', 'dmz'],
  ['node2', 'dmz'],
  ['node2', 'one'],
  ['node1', 'single'],
] as const;

/** Brings an empty datastore of any kind to the state of the v1 cluster, by doing what was done there. */
export async function replayV1(store: IpamStore, signal: AbortSignal): Promise<void> {
  for (const [name, pool] of entries('pool/', (value) => AddressPool.fromJSON(JSON.parse(value)))) {
    const [first, ...rest] = pool.subnets;
    await store.createPool(name, new AddressPool([first!], pool.blockSize), signal);
    for (const subnet of rest) await store.addSubnet(name, subnet, signal);
  }
  for (const [node, pool] of ACQUIRED) await store.acquireBlock({ node, pool, family: 4 }, signal);
  await store.releaseNode('gone', signal);
  const owners = await store.listBlocks(signal);
  for (const [slot, assignment] of entries('ip/', parseIpAssignment)) {
    const [network = '', offset] = slot.split('/');
    const [node, owned] = [...owners].find(([, blocks]) => blocks.some(({ block }) => isAt(block, network)))!;
    const { block } = owned.find((candidate) => isAt(candidate.block, network))!;
    await store.allocate({ node, slots: [{ block, offset: Number(offset) }], assignment }, signal);
  }
}

function isAt(block: IpPrefix, network: string): boolean {
  return String(block.address) === network;
}

/** The values below /coil/`kind` by the rest of their keys. */
function entries<T>(kind: string, read: (value: string) => T): [string, T][] {
  const prefix = `/coil/${kind}`;
  return v1Keys()
    .filter(({ key }) => key.startsWith(prefix))
    .map(({ key, value }) => [key.slice(prefix.length), read(value)]);
}
