import { birdSocket } from './bird.ts';
import { PROGRAMS } from './built-programs.ts';
import type { Cluster } from './cluster.ts';
import { POOL } from './coilctl.ts';
import type { DemoRun } from './demo-run.ts';
import type { Pod } from './pod.ts';

/** Commands to look around with while the demo waits. */
export function lookAround(run: DemoRun, { nodes: [node1, node2], coilctl }: Cluster, pods: readonly Pod[]): string {
  const inside = (name: string) => `ip netns exec ${run.name}-${name}`;
  const tool = `${inside('node1')} ${PROGRAMS.coilctl} ${coilctl.store.flags.join(' ')}`;
  const [first, last] = [pods[0]!, pods.at(-1)!];
  return `Everything stays as it is until you press Ctrl-C. In another terminal, as root:

  ${inside('node1')} ip route show table 119  # what Coil exports on node1
  ${inside('node2')} ip route  # what node2 has learnt, and its Pods
  birdc -s ${birdSocket(run, node1)} show route all
  ${tool} pool list
  ${tool} pool show ${POOL.name} ${POOL.subnet}
  ${tool} node blocks ${node2.name}
  ${tool} address info ${first.address}
  ${inside(first.name)} ip address  # as ${first.name} sees it
  ${inside(first.name)} ${run.path('pod')} fetch ${last.address}
  tail -f ${run.folder}/*.log

`;
}

/** What the user has seen, and what to try next. */
export function farewell(seconds: number): string {
  return `
Done, after ${seconds.toFixed(1)} s. You have seen two nodes take blocks of addresses from one pool, give the addresses to Pods, and
export the blocks to kernel table 119, from where BIRD carried them to the other node; every Pod reach every other
across the nodes; and everything given back when the Pods went.

Next:
  make demo KEEP=1        waits before the Pods are detached, and tells commands to look around with
  make demo STORE=etcd    the same with etcd, as in a cluster (STORE=sqlite: the embedded store)
  dist/coilctl --help     pools, nodes and addresses, for administrators
`;
}
