import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CoilError } from '../../src/model/error.ts';
import { IpPrefix } from '../../src/model/ip-prefix.ts';
import { SqliteIpamStore } from '../../src/store/sqlite/sqlite-ipam-store.ts';
import { allocated, assignmentOf, poolOf, soon } from './store-fixture.ts';

/**
 * A process of its own that uses a database: `node sqlite-worker.ts ROLE PATH NODE`. It prints a line of JSON for each
 * thing that was acknowledged.
 */
const ROLES: Record<string, (store: SqliteIpamStore, node: string, path: string) => Promise<void>> = {
  share: shareBlock,
  write: writeForEver,
  fill: fillDisk,
  read: countPools,
};

const print = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`);

async function countPools(store: SqliteIpamStore): Promise<void> {
  print({ pools: (await store.listPools(soon())).size });
}

/** Acquires blocks, and assigns addresses of a block that all processes share, each beginning with the first. */
async function shareBlock(store: SqliteIpamStore, node: string): Promise<void> {
  for (let i = 0; i < 8; i++) {
    const { block } = await store.acquireBlock({ node, pool: 'blocks', family: 4 }, soon());
    print({ block });
  }
  const block = IpPrefix.parse('10.0.0.0/24');
  for (let offset = 0, got = 0; got < 40; offset++) {
    const request = { node: 'shared', slots: [{ block, offset }], assignment: assignmentOf(`${node}-${got}`) };
    const { outcome } = await store.allocate(request, soon());
    if (outcome === 'allocated') print({ offset, containerId: `${node}-${got++}` });
  }
}

/** Assigns one address after the other, frees some, until it is killed. */
async function writeForEver(store: SqliteIpamStore, node: string): Promise<void> {
  for (;;) {
    const { block } = await store.acquireBlock({ node, pool: 'blocks', family: 4 }, soon());
    for (let offset = 0; offset < 4; offset++) {
      const slots = [{ block, offset }];
      const records = allocated(await store.allocate({ node, slots, assignment: assignmentOf('c') }, soon()));
      if (offset % 2 === 0) print({ block, offset });
      else await store.free(records, soon());
    }
  }
}

/** Assigns addresses until the disk is full, makes room, and goes on. */
async function fillDisk(store: SqliteIpamStore, node: string, path: string): Promise<void> {
  await store.createPool('default', poolOf(12, '10.0.0.0/20'), soon());
  const { block } = await store.acquireBlock({ node, pool: 'default', family: 4 }, soon());
  const ballast = join(dirname(path), 'ballast');
  writeFileSync(ballast, Buffer.alloc(128 * 1024));
  let offset = 0;
  const allocate = async () =>
    allocated(await store.allocate({ node, slots: [{ block, offset }], assignment: assignmentOf('c') }, soon()));
  try {
    for (; ; offset++) await allocate();
  } catch (error) {
    const { code, message } = error as CoilError;
    const found = (await store.listAddresses(block, soon())).length;
    print({ code, message, acknowledged: offset, found, ...(await writability(store)) });
  }
  rmSync(ballast);
  await allocate();
  print({ found: (await store.listAddresses(block, soon())).length, ...(await writability(store)) });
}

async function writability(store: SqliteIpamStore): Promise<{ readonly writable: true | string }> {
  return await store.checkWritable(soon()).then(
    () => ({ writable: true }),
    ({ message }: CoilError) => ({ writable: message }),
  );
}

const [role = '', path = '', node = ''] = process.argv.slice(2);
try {
  await using store = await SqliteIpamStore.open({ path, timeoutMs: 20_000 }, soon());
  await ROLES[role]!(store, node, path);
} catch (error) {
  if (!CoilError.is(error)) throw error;
  print({ code: error.code, message: error.message });
}
