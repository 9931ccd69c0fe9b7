import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DEPLOY } from '../deploy/manifests.ts';
import { eventually } from '../e2e/eventually.ts';
import { assertAgreement, assertNothingMended } from './agreement.ts';
import type { Cluster } from './cluster.ts';
import { installCoil } from './installation.ts';
import type { RunningPod } from './pod-object.ts';
import { fetchFrom } from './reach.ts';
import type { Scenario } from './scenario.ts';
import { throughput } from './throughput.ts';
import { POD_PORT, Workload } from './workload.ts';

/** Bits and bytes a second. */
const RATE = 8_000_000;
const TOLERANCE = 1.3;
const SEVERAL = 5;
const POLICY = `table inet e2e {
  chain forward {
    type filter hook forward priority 0;
    oifname "LINK" drop
  }
}
`;

interface Qdisc {
  readonly kind: string;
  /** Bytes a second, and bytes. */
  readonly options: { readonly rate?: number; readonly burst?: number };
}

export const otherPlugins: Scenario = {
  name: "hostPort, bandwidth and a policy on the host's link work beside Coil",
  run: async (cluster, tell) => {
    await addBandwidth(cluster);
    tell('the plugin bandwidth is in the network configuration');
    const [near, far] = cluster.nodes.map(({ name }) => name) as [string, string];
    const annotations = { 'kubernetes.io/ingress-bandwidth': `${RATE / 1e6}M` };
    const common = { replicas: 1, node: near };
    const workloads = await Promise.all([
      Workload.create(cluster.api, { ...common, name: 'published', hostPort: POD_PORT }),
      Workload.create(cluster.api, { ...common, name: 'limited', annotations }),
      Workload.create(cluster.api, { ...common, name: 'client', node: far }),
    ]);
    const pods = (await Promise.all(workloads.map((one) => one.untilRunning()))).flat();
    const [published, limited, client] = pods as [RunningPod, RunningPod, RunningPod];
    const reached = async () => (await fetchFrom(cluster, client, [published, limited])).length === 0;
    await eventually('the Pods are reached', reached);
    await assertAgreement(cluster);

    const atNode = { ...published, ip: cluster.node(near).address };
    assert.deepEqual(await fetchFrom(cluster, client, [atNode]), [], 'at the host port');
    await assertPolicy(cluster, client, { closed: limited, open: published });
    // last, since what is on its way to that Pod then takes its time
    tell(await assertLimited(cluster, client, { limited, free: published }));
    await Promise.all(workloads.map((one) => one.delete()));
    const answer = await cluster.node(far).run([cluster.podProgram, 'fetch', atNode.ip]);
    assert.match(answer, / - Connection refused/, 'the host port of a Pod that is gone');
    await assertNothingMended(cluster);
    await installCoil(cluster);
    await cluster.untilReady();
    tell('the plugin bandwidth is out of it again');
  },
};

/** The plugin joins those in deploy/base/netconf.json, and the DaemonSet rolls it out. */
async function addBandwidth(cluster: Cluster): Promise<void> {
  const netconf = JSON.parse(await readFile(join(DEPLOY, 'base/netconf.json'), 'utf8')) as { plugins: object[] };
  netconf.plugins.push({ type: 'bandwidth', capabilities: { bandwidth: true } });
  await installCoil({ ...cluster, netconf: JSON.stringify(netconf) });
  await cluster.untilReady();
}

/** What the Pod gets from another is as much as it may, and a fraction of what one without a limit gets. */
async function assertLimited(
  cluster: Cluster,
  from: RunningPod,
  { limited, free }: { readonly limited: RunningPod; readonly free: RunningPod },
): Promise<string> {
  const link = calicoName(limited);
  const qdiscs = JSON.parse(
    await cluster.node(limited.node).run(['tc', '-json', 'qdisc', 'show', 'dev', link]),
  ) as Qdisc[];
  const { rate, burst = 0 } = qdiscs.find(({ kind }) => kind === 'tbf')?.options ?? {};
  assert.equal(rate, RATE / 8, JSON.stringify(qdiscs));

  const [slow, fast] = [
    await throughput(cluster, { from, to: limited, skip: burst }),
    await throughput(cluster, { from, to: free, skip: 0 }),
  ];
  const figures = `${megabytes(slow)} with a limit of ${megabytes(rate)}, after ${megabytes(burst)}; ${megabytes(fast)} without one`;
  assert.ok(slow > rate / TOLERANCE && slow < rate * TOLERANCE, figures);
  assert.ok(fast > rate * SEVERAL, figures);
  return `MB/s: ${figures}`;
}

/** As Felix works it out from a Pod's name, of which this is a second statement: not by Coil's own function. */
function calicoName({ namespace, name }: RunningPod): string {
  return `veth${createHash('sha1').update(`${namespace}.${name}`).digest('hex').slice(0, 11)}`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

/** A rule for the link that Calico's naming gives to a Pod stops what is sent to that Pod, and nothing else. */
async function assertPolicy(
  cluster: Cluster,
  client: RunningPod,
  { closed, open }: { readonly closed: RunningPod; readonly open: RunningPod },
): Promise<void> {
  const node = cluster.node(closed.node);
  await node.run(['nft', '-f', '-'], { input: POLICY.replace('LINK', calicoName(closed)) });
  assert.equal((await fetchFrom(cluster, client, [closed])).length, 1, 'the policy does not hold');
  assert.deepEqual(await fetchFrom(cluster, client, [open]), []);
  await node.run(['nft', 'delete', 'table', 'inet', 'e2e']);
  assert.deepEqual(await fetchFrom(cluster, client, [closed]), []);
}
