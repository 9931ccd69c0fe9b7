import type { DemoRun } from './demo-run.ts';
import type { Netns } from './netns.ts';
import type { Pod } from './pod.ts';
import { type Fetched, fetchFrom } from './pod-program.ts';
import { formatTable } from './table.ts';

/** Who fetches: a Pod or a node. */
export interface Client {
  readonly name: string;
  readonly netns: Netns;
}

/** What every client got from every Pod. */
export interface Matrix {
  /** A row a client, a column a Pod; milliseconds, or what went wrong. */
  readonly text: string;
  readonly fetches: number;
  readonly failures: number;
}

export interface MatrixOptions {
  readonly clients: readonly Client[];
  readonly pods: readonly Pod[];
  /** Path of what fetches. */
  readonly program: string;
  /** Called for each client that is done. */
  readonly onRow: () => void;
}

/** Each of `clients` fetches from each of `pods`, but for itself. */
export async function fetchMatrix(run: DemoRun, { clients, pods, program, onRow }: MatrixOptions): Promise<Matrix> {
  const rows: string[][] = [];
  let [fetches, failures] = [0, 0];
  for (const client of clients) {
    const others = pods.filter((pod) => pod !== client);
    const fetched = await fetchFrom(
      client.netns,
      program,
      others.map(({ address }) => address),
      run,
    );
    const verdicts = new Map(others.map((pod, i) => [pod, judge(pod, fetched[i])]));
    const failed = [...verdicts.values()].filter(({ good }) => !good);
    fetches += verdicts.size;
    failures += failed.length;
    rows.push([client.name, ...pods.map((pod) => verdicts.get(pod)?.text ?? '-')]);
    onRow();
  }
  const heading = ['from \\ to', ...pods.map(({ name }) => name)];
  return { text: formatTable([heading, ...rows]), fetches, failures };
}

function judge(pod: Pod, fetched: Fetched | undefined): { readonly good: boolean; readonly text: string } {
  if (fetched?.address !== pod.address) return { good: false, text: 'NOT ASKED' };
  if ('failure' in fetched) return { good: false, text: fetched.failure.toUpperCase() };
  if (fetched.name !== pod.name) return { good: false, text: `REACHED ${fetched.name}` };
  return { good: true, text: `${(fetched.microseconds / 1000).toFixed(1)} ms` };
}
