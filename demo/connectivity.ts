import type { Cluster } from './cluster.ts';
import { DemoError } from './demo-error.ts';
import type { DemoRun } from './demo-run.ts';
import { fetchMatrix } from './matrix.ts';
import type { Progress } from './progress.ts';
import type { Workload } from './workload.ts';

/** Fetches from every Pod, and shows the matrix, complete or not. @throws where it is not */
export async function showConnectivity(
  run: DemoRun,
  progress: Progress,
  { nodes, logs }: Cluster,
  { pods, program }: Workload,
): Promise<void> {
  let text = '';
  try {
    await progress.step('Fetch over TCP from every Pod: from the other Pods, and from both nodes', async (tick) => {
      const matrix = await fetchMatrix(run, { clients: [...pods, ...nodes], pods, program, onRow: tick });
      ({ text } = matrix);
      if (matrix.failures > 0) throw new DemoError(`${matrix.failures} of ${matrix.fetches} fetches failed`, { logs });
    });
  } finally {
    if (text !== '') progress.show(`\n${text}\n`);
  }
}
