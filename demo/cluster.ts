import { birdLog, startBird } from './bird.ts';
import { Coilctl, POOL } from './coilctl.ts';
import { Coild } from './coild.ts';
import { type Medium, openDatastore } from './datastore.ts';
import type { DemoRun } from './demo-run.ts';
import { layOutNodes, type NodePair } from './node.ts';
import type { Progress } from './progress.ts';

/** All that stands before the first Pod. */
export interface Cluster {
  readonly nodes: NodePair;
  /** One for each of `nodes`. */
  readonly coilds: readonly Coild[];
  readonly coilctl: Coilctl;
  /** Of all that has to do with routes. */
  readonly logs: readonly string[];
}

/** Two nodes with BIRD and coild on each, a datastore, and a pool in it. */
export async function buildCluster(run: DemoRun, progress: Progress, medium: Medium): Promise<Cluster> {
  const nodes = await progress.step('Lay out two nodes: network namespaces, joined by a link', () => layOutNodes(run));
  const [node1, node2] = nodes;
  await progress.step(`Start BIRD on both, speaking BGP: AS ${node1.as} and AS ${node2.as}`, async () => {
    await startBird(run, node1, node2);
    await startBird(run, node2, node1);
  });
  const coilctl = await progress.step(OPENING[medium], async () => {
    const store = await openDatastore(run, medium, node1);
    const opened = new Coilctl(node1, store);
    // the file comes with the first pool
    if (medium === 'etcd') await opened.untilStoreAnswers(run);
    return opened;
  });
  const { name, subnet, size } = POOL;
  await progress.step(`Create a pool: coilctl pool create ${name} ${subnet} ${size}`, () => coilctl.createPool(run));
  const coilds = await progress.step('Start coild on both nodes', async () => {
    const started = [await Coild.start(run, node1, coilctl.store), await Coild.start(run, node2, coilctl.store)];
    for (const coild of started) await coild.ready(run);
    return started;
  });
  return {
    nodes,
    coilds,
    coilctl,
    logs: [...nodes.map((node) => birdLog(run, node)), ...coilds.map(({ log }) => log)],
  };
}

const OPENING = {
  sqlite: 'Take the embedded store: a SQLite file, which both nodes share here',
  etcd: 'Start etcd on node1, for both nodes',
} as const satisfies Record<Medium, string>;
