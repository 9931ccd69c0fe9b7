import { join } from 'node:path';
import type { Cluster } from './cluster.ts';
import { Peer } from './peer.ts';
import type { RunningPod } from './pod-object.ts';

const SCRIPT = join(import.meta.dirname, 'throughput-peer.ts');
const PORT = '4713';
const MEASURE_MS = 3_000;
const MOST_MS = 60_000;

/**
 * How many bytes a second one Pod gets from another over TCP.
 * @param skip so many bytes come before that is measured
 */
export async function throughput(
  cluster: Cluster,
  { from, to, skip }: { readonly from: RunningPod; readonly to: RunningPod; readonly skip: number },
): Promise<number> {
  await using sink = await Peer.start(cluster, to, SCRIPT, 'sink', PORT, String(skip), String(MEASURE_MS));
  await sink.line();
  await using _pour = await Peer.start(cluster, from, SCRIPT, 'pour', PORT, to.ip);
  const { bytes, ms } = JSON.parse(await sink.line(MOST_MS)) as { readonly bytes: number; readonly ms: number };
  return (bytes * 1000) / ms;
}
