import assert from 'node:assert/strict';
import { eventually } from '../e2e/eventually.ts';
import { assertAgreement } from './agreement.ts';
import type { Cluster } from './cluster.ts';
import { needlessBlocks } from './differences.ts';
import { SCAN_INTERVAL_MS } from './installation.ts';
import { observe } from './observe.ts';
import type { Scenario } from './scenario.ts';
import { Workload } from './workload.ts';

/** More than a block, which has 16 addresses, on each of two nodes. */
const PODS = 56;
const BGP_MS = 10_000;

export const blocksAreRouted: Scenario = {
  name: "a node's blocks are in table 119 and in the other node's main table; an empty block is withdrawn and free",
  run: async (cluster, tell) => {
    const web = await Workload.create(cluster.api, { name: 'web', replicas: PODS });
    await web.untilRunning();
    const routed = () => assertRouted(cluster).then(() => true);
    await eventually('all blocks are routed', routed, BGP_MS);
    const before = await freeBlocks(cluster);
    const { blocks } = await observe(cluster);
    for (const { name } of cluster.nodes) assert.ok(blocks.filter(({ node }) => node === name).length > 1, name);
    tell(`${blocks.length} blocks for ${PODS} Pods`);
    await assertAgreement(cluster);

    await web.scale(2);
    await web.untilRunning();
    const returned = () => assertNoneTooMany(cluster).then(() => true);
    await eventually('empty blocks are returned', returned, 10 * SCAN_INTERVAL_MS);
    const after = await freeBlocks(cluster);
    assert.ok(after > before, `${after} blocks are free, and ${before} were while ${PODS} Pods ran`);
    await eventually('what is left is routed, and no more', routed, BGP_MS);
    await assertAgreement(cluster);
    await web.delete();
    const none = async () => (await observe(cluster)).blocks.length === 0;
    await eventually('the last blocks are returned', none, 10 * SCAN_INTERVAL_MS);
    assert.equal(await freeBlocks(cluster), 2 ** (32 - 16 - 4), 'blocks that are free without Pods');
  },
};

/** A node with Pods keeps one empty block, in case etcd fails (docs/offline.md); a node without Pods has none. */
async function assertNoneTooMany(cluster: Cluster): Promise<void> {
  assert.deepEqual(needlessBlocks(await observe(cluster)), []);
}

async function assertRouted(cluster: Cluster): Promise<void> {
  const { blocks, nodes } = await observe(cluster);
  for (const { name, exported, learnt } of nodes) {
    const of = (isOwn: boolean) => blocks.filter(({ node }) => (node === name) === isOwn).map(({ block }) => block);
    assert.deepEqual([...exported].sort(), of(true).sort(), `table 119 of ${name}`);
    assert.deepEqual([...learnt].sort(), of(false).sort(), `main table of ${name}`);
  }
}

/** As an administrator asks for it. */
async function freeBlocks({ kubectl }: Cluster): Promise<number> {
  const coilctl = ['coilctl', 'pool', 'show', 'default', '10.11.0.0/16'];
  const answer = await kubectl(['-n', 'kube-system', 'exec', 'deploy/coil-controllers', '--', ...coilctl]);
  return Number(/free blocks: (\d+) out of/.exec(answer)?.[1]);
}
