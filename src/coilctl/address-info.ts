import { formatIpAssignment } from '../model/ip-assignment.ts';
import type { AddressRecord, IpamStore } from '../store/ipam-store.ts';
import { ADDRESS_ARGUMENT, parseAddress } from './arguments.ts';
import { defineCommand } from './command.ts';
import { OUTPUT_FLAG, type Report, reportText } from './output.ts';

/** Prints whom an address is assigned to, as indented JSON: the members that the datastore has. */
export const addressInfo = defineCommand({
  name: 'address info',
  summary: 'Show which Pod an address is assigned to',
  access: 'read',
  args: { address: ADDRESS_ARGUMENT },
  flags: OUTPUT_FLAG,
  prepare(args, { output }) {
    const address = parseAddress(args.address);
    return async ({ store, stdout, signal }) => {
      const record = await store.findAddress(address, signal);
      stdout.write(output ? await reportText(output, await report(record, store, signal)) : assignmentText(record));
    };
  },
});

/** v1's output: the assignment as the datastore has it, indented. */
export function assignmentText({ assignment }: AddressRecord): string {
  return `${JSON.stringify(JSON.parse(formatIpAssignment(assignment)), null, 4)}\n`;
}

/** With pool, block and node, which tell where to look for the Pod. */
async function report(record: AddressRecord, store: IpamStore, signal: AbortSignal): Promise<Report> {
  const { block, offset, assignment } = record;
  const { containerId, namespace, pod, createdAt, ifname = '' } = assignment;
  const { pool, node } = await findOwner(record, store, signal);
  const address = String(block.nth(offset));
  const data = {
    address,
    namespace,
    pod,
    container_id: containerId,
    ifname,
    created_at: createdAt,
    pool,
    block: String(block),
    node,
  };
  const head = ['ADDRESS', 'NAMESPACE', 'POD', 'NODE', 'POOL', 'BLOCK', 'CREATED', 'INTERFACE', 'CONTAINER'];
  const row = [address, namespace, pod, node, pool, data.block, createdAt, ifname, containerId];
  return { data, table: { head, rows: [row] } };
}

/** Both empty where the pool was removed meanwhile; the node, where nobody owns the block. */
async function findOwner({ block }: AddressRecord, store: IpamStore, signal: AbortSignal) {
  for (const [name, pool] of await store.listPools(signal)) {
    const subnet = pool.subnetOf(block);
    if (subnet === undefined) continue;
    const blocks = await store.getBlockAssignment(name, subnet, signal);
    return { pool: name, node: blocks.ownerOf(block) ?? '' };
  }
  return { pool: '', node: '' };
}
