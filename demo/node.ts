import { output } from './command.ts';
import type { DemoRun } from './demo-run.ts';
import { Netns } from './netns.ts';

/** A machine of the demo: a network namespace, with a link to the other one. */
export interface Node {
  readonly name: string;
  readonly netns: Netns;
  /** On the link. */
  readonly address: string;
  /** Its autonomous system: BGP between two needs no further routing protocol. */
  readonly as: number;
}

export type NodePair = readonly [Node, Node];

/** The nodes' end of the link between them. */
const LINK = 'eth0';

/** Two nodes, joined by a link whose ends have never been anywhere else, and that forward packets. */
export async function layOutNodes(run: DemoRun): Promise<NodePair> {
  const [netns1, netns2] = [await Netns.create(run, 'node1'), await Netns.create(run, 'node2')];
  await netns1.ip(`link add ${LINK} type veth peer name ${LINK} netns ${netns2.name}`, run);
  const nodes: NodePair = [
    { name: 'node1', netns: netns1, address: '192.0.2.1', as: 65001 },
    { name: 'node2', netns: netns2, address: '192.0.2.2', as: 65002 },
  ];
  for (const { netns, address } of nodes) {
    await netns.ip(`address add ${address}/24 dev ${LINK}`, run);
    await netns.ip(`link set ${LINK} up`, run);
    await output(netns.inside(['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']), run);
  }
  return nodes;
}
