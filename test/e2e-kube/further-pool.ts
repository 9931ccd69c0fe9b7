import { AddressPool } from '../../src/model/address-pool.ts';
import { IpPrefix } from '../../src/model/ip-prefix.ts';
import { eventually } from '../e2e/eventually.ts';
import type { Cluster } from './cluster.ts';
import { assertInSubnet } from './in-subnet.ts';
import { SCAN_INTERVAL_MS } from './installation.ts';
import { Workload } from './workload.ts';

const STORE_MS = 10_000;
const POOL = 'further';
const SUBNET = '10.13.0.0/24';
const BLOCK_SIZE = 3;

/**
 * Makes a pool, and takes it away again: only by the watch of etcd can the nodes know of it.
 * @throws where a Pod of its namespace gets another address, on any node
 */
export async function assertFurtherPoolIsUsed(cluster: Cluster): Promise<void> {
  const { api, nodes, store } = cluster;
  const pool = new AddressPool([IpPrefix.parse(SUBNET)], BLOCK_SIZE);
  await store.createPool(POOL, pool, AbortSignal.timeout(STORE_MS));
  await api.create('/api/v1/namespaces', { metadata: { name: POOL } });
  const common = { namespace: POOL, replicas: 1 };
  const workloads = await Promise.all(
    nodes.map((node) => Workload.create(api, { ...common, name: `on-${node.name}`, node: node.name })),
  );
  assertInSubnet(SUBNET, (await Promise.all(workloads.map((one) => one.untilRunning()))).flat());
  await Promise.all(workloads.map((one) => one.delete()));
  await api.delete(`/api/v1/namespaces/${POOL}`);
  const gone = () => store.deletePool(POOL, AbortSignal.timeout(STORE_MS)).then(() => true);
  await eventually(`no node has a block of pool ${POOL}`, gone, 10 * SCAN_INTERVAL_MS);
}
