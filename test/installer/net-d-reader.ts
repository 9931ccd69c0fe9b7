/** A worker that reads a net.d over and over as runtimes do, until it is told to stop; then it tells what it saw. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { isConfigurationName } from '../../src/installer/configuration-name.ts';

/** Every list of names, and every content, that it saw. */
export interface Sightings {
  readonly lists: ReadonlySet<string>;
  readonly contents: ReadonlySet<string>;
}

const { etcDir, plugin } = workerData as { etcDir: string; plugin: string };
const lists = new Set<string>();
const contents = new Set<string>();
parentPort!.postMessage('reading');
while (!receiveMessageOnPort(parentPort!)) {
  const names = readdirSync(etcDir).filter(isConfigurationName).sort();
  lists.add(names.join());
  for (const path of [...names.map((name) => join(etcDir, name)), plugin]) contents.add(readFileSync(path, 'utf8'));
}
parentPort!.postMessage({ lists, contents } satisfies Sightings);
