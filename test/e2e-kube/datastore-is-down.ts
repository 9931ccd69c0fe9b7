import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../e2e/eventually.ts';
import { assertAllReach } from './reach.ts';
import type { Scenario } from './scenario.ts';
import { TcpFlows } from './tcp-flow.ts';
import { Workload } from './workload.ts';

const DOWN_MS = 30_000;
const PODS = 24;

export const datastoreIsDown: Scenario = {
  name: 'etcd and the API server are down for 30 s while Pods start and end: all converges, nothing is lost or doubled',
  run: async (cluster, tell) => {
    const steady = await Workload.create(cluster.api, { name: 'steady', replicas: 4 });
    const ending = await Workload.create(cluster.api, { name: 'ending', replicas: PODS });
    const before = await steady.untilRunning();
    await ending.untilRunning();
    await using flows = await TcpFlows.start(cluster, before);

    const starting = await Workload.create(cluster.api, { name: 'starting', replicas: PODS });
    await ending.scale(2);
    await eventually('some Pods run', async () => (await starting.running()).length >= 3, 60_000);
    await cluster.plane.stopDatastore();
    tell('etcd and the API server are down');
    await delay(DOWN_MS);
    await cluster.plane.resumeDatastore();
    tell('they are back');
    const after = [...(await starting.untilRunning()), ...(await ending.untilRunning())];
    assert.deepEqual(await steady.untilRunning(), before, 'Pods that ran are others now');
    tell(`all Pods run; connections stood still for ${await flows.assertKept()} ms at most`);
    await assertAllReach(cluster, [...before, ...after]);
    await Promise.all([starting, ending, steady].map((workload) => workload.delete()));
  },
};
