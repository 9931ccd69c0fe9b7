import { assertAgreement } from './agreement.ts';
import { POOLS } from './cluster.ts';
import { assertInSubnet } from './in-subnet.ts';
import { untilAllReach } from './reach.ts';
import type { Scenario } from './scenario.ts';
import { Workload } from './workload.ts';

/** Without a pool of its name. */
const OTHER = 'shop';

export const poolOfNamespace: Scenario = {
  name: 'Pods of namespace dmz take addresses of pool dmz only, and those of others never do',
  run: async (cluster, tell) => {
    const { api } = cluster;
    for (const name of ['dmz', OTHER]) await api.create('/api/v1/namespaces', { metadata: { name } });
    // more than a block, which is 8 addresses
    const web = await Workload.create(api, { name: 'web', namespace: 'dmz', replicas: 20 });
    const others = await Promise.all(
      ['default', OTHER].map((namespace) => Workload.create(api, { name: 'other', namespace, replicas: 6 })),
    );
    const inDmz = await web.untilRunning();
    const elsewhere = (await Promise.all(others.map((other) => other.untilRunning()))).flat();
    tell('all Pods run');
    assertInSubnet(POOLS.dmz[0], inDmz);
    assertInSubnet(POOLS.default[0], elsewhere);
    await untilAllReach(cluster, [...inDmz.slice(0, 6), ...elsewhere]);
    tell('they reach each other');
    await assertAgreement(cluster);
    await Promise.all([web, ...others].map((workload) => workload.delete()));
  },
};
