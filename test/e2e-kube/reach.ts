import { eventually } from '../e2e/eventually.ts';
import type { Cluster } from './cluster.ts';
import type { CommandLine } from './command.ts';
import { inParallel } from './in-parallel.ts';
import type { RunningPod } from './pod-object.ts';
import { podSandbox } from './pod-sandbox.ts';

const AT_ONCE = 6;
const FETCH_MS = 120_000;
/** For routing daemons to tell each other of a new block. */
const ROUTED_MS = 5_000;

/** What a fetch goes to, and its answer. */
export type Reachable = Pick<RunningPod, 'name' | 'ip'>;

/** Waits until every Pod, and every node, reaches every one of `pods`. @returns how many fetches that were */
export async function untilAllReach(
  cluster: Cluster,
  pods: readonly RunningPod[],
  ms: number = ROUTED_MS,
): Promise<number> {
  return await eventually('all Pods reach each other', () => assertAllReach(cluster, pods), ms);
}

/**
 * Lets every Pod, and every node, fetch from every one of `pods`, which have to answer with their names.
 * @returns how many fetches that were @throws with those that failed
 */
async function assertAllReach(cluster: Cluster, pods: readonly RunningPod[]): Promise<number> {
  const clients = [
    ...pods.map((pod) => ({ name: pod.name, fetch: (from: readonly Reachable[]) => fetchFrom(cluster, pod, from) })),
    ...cluster.nodes.map((node) => ({
      name: node.name,
      fetch: async (from: readonly Reachable[]) =>
        failures(from, await node.run(fetchLine(cluster, from), { timeoutMs: FETCH_MS })),
    })),
  ];
  const failed = await inParallel(AT_ONCE, clients, async ({ name, fetch }) => {
    const others = pods.filter((pod) => pod.name !== name);
    return (await fetch(others)).map((failure) => `from ${name} to ${failure}`);
  });
  if (failed.flat().length > 0) throw new Error(`not reached:\n${failed.flat().join('\n')}`);
  return clients.length * pods.length - pods.length;
}

/** Lets one Pod fetch from others. @returns those that it did not reach, and why */
export async function fetchFrom(
  cluster: Cluster,
  client: RunningPod,
  pods: readonly Reachable[],
): Promise<readonly string[]> {
  const node = cluster.node(client.node);
  const { pid } = await podSandbox(cluster, client);
  return failures(pods, await node.runInNetwork(pid, fetchLine(cluster, pods), { timeoutMs: FETCH_MS }));
}

function fetchLine({ podProgram }: Cluster, pods: readonly Reachable[]): CommandLine {
  return [podProgram, 'fetch', ...pods.map(({ ip }) => ip)];
}

/** @param output a line for each: `ADDRESS MICROSECONDS NAME`, or `ADDRESS - REASON` */
function failures(pods: readonly Reachable[], output: string): readonly string[] {
  const lines = output.split('\n');
  return pods.flatMap(({ name, ip }, i) => {
    const [, address, answer] = /^(\S+) (?:\d+|-) (.*)$/.exec(lines[i] ?? '') ?? [];
    return address === ip && answer === name ? [] : [`${name} (${ip}): ${answer}`];
  });
}
