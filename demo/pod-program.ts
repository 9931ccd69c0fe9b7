import { dirname, join } from 'node:path';
import { output } from './command.ts';
import type { DemoRun } from './demo-run.ts';
import type { Netns } from './netns.ts';

/** What was answered where a Pod was expected. */
export type Fetched =
  | { readonly address: string; readonly name: string; readonly microseconds: number }
  | { readonly address: string; readonly failure: string };

/** Compiles what runs in the Pods; gives its path. */
export async function buildPodProgram(run: DemoRun): Promise<string> {
  const program = run.path('pod');
  // what an interrupted compiler leaves behind goes with the run's folder
  const temporary = `TMPDIR=${dirname(program)}`;
  await output(['env', temporary, 'cc', '-std=gnu11', '-O1', '-o', program, join(import.meta.dirname, 'pod.c')], run);
  return program;
}

/** Fetches from each address over HTTP, one after the other, from inside `netns`. */
export async function fetchFrom(
  netns: Netns,
  program: string,
  addresses: readonly string[],
  run: DemoRun,
): Promise<readonly Fetched[]> {
  const lines = await output(netns.inside([program, 'fetch', ...addresses]), run);
  return lines.trimEnd().split('\n').map(parse);
}

function parse(line: string): Fetched {
  const [, address = '', microseconds, said = ''] = /^(\S+) (\S+) (.*)$/.exec(line) ?? [];
  if (microseconds === '-') return { address, failure: said };
  return { address, name: said, microseconds: Number(microseconds) };
}
