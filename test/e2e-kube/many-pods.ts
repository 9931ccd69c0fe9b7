import assert from 'node:assert/strict';
import { assertAgreement } from './agreement.ts';
import { untilAllReach } from './reach.ts';
import type { Scenario } from './scenario.ts';
import { Workload } from './workload.ts';

const PODS = 40;

export const manyPods: Scenario = {
  name: `${PODS} Pods run on two nodes, and every Pod and both nodes reach each of them`,
  run: async (cluster, tell) => {
    const started = performance.now();
    const web = await Workload.create(cluster.api, { name: 'web', replicas: PODS });
    const pods = await web.untilRunning();
    tell(`${PODS} Pods ran after ${((performance.now() - started) / 1000).toFixed(1)} s`);
    for (const node of cluster.nodes)
      assert.ok(
        pods.some((pod) => pod.node === node.name),
        `none on ${node.name}`,
      );
    tell(`${await untilAllReach(cluster, pods)} fetches`);
    await assertAgreement(cluster);
    await web.delete();
    tell('the Pods are gone');
  },
};
