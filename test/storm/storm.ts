import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../model/random.ts';
import { differences, failedChecks } from './comparison.ts';
import { Ledger } from './ledger.ts';
import { unreachable } from './reachability.ts';
import { StormScene } from './storm-scene.ts';
import { runStrand, STRANDS } from './troubles.ts';
import { Worker } from './worker.ts';

const WORKERS = 8;
const LOOK_MS = 200;
const LONGER_MS = 120_000;
/** Within which all has to be right once nothing disturbs any more. */
const SETTLED_WITHIN_MS = 20_000;

export interface StormOptions {
  readonly seed: number;
  /** How long it lasts at least. */
  readonly ms: number;
  /** How many ADDs are to succeed in it. It lasts until they have, two minutes longer at most. */
  readonly pods: number;
}

/** What happened in a storm. */
export interface StormReport {
  readonly seconds: number;
  readonly adds: number;
  readonly dels: number;
  readonly troubles: number;
  /** How often ADDs failed for each reason. */
  readonly failures: Readonly<Record<string, number>>;
  /** Promises that were broken, what is wrong, and what the logs tell of that. */
  readonly wrong: readonly string[];
}

/**
 * Attaches and detaches Pods on two nodes while etcd, the links to it, coild and the routes are disturbed, as the seed
 * says; then lets all calm down, and compares what there is with what was acknowledged; at last detaches all, and
 * compares again.
 */
export async function storm({ seed, ms, pods }: StormOptions): Promise<StormReport> {
  await using scene = await StormScene.create();
  for (const node of scene.nodes) node.startCoild();
  const ledger = new Ledger();
  const random = new Random(seed);
  const next = () => new Random(random.below(2 ** 31));
  const workers = Array.from(
    { length: WORKERS },
    (_, i) => new Worker(`w${i}`, { nodes: scene.nodes, ledger, random: next() }),
  );
  const events: string[] = [];
  const start = performance.now();
  const tell = (what: string) => events.push(`${((performance.now() - start) / 1000).toFixed(1)} s: ${what}`);
  const over = new AbortController();
  const strands = STRANDS.map((strand) => runStrand(strand, scene, { random: next(), signal: over.signal, tell }));
  const working = workers.map((worker) => worker.run(over.signal));
  const attached = () => workers.reduce((sum, { work }) => sum + work.adds, 0);
  const lasts = async () => {
    await delay(ms, undefined, { signal: over.signal });
    while (attached() < pods && performance.now() - start < ms + LONGER_MS)
      await delay(LOOK_MS, undefined, { signal: over.signal });
  };
  try {
    await Promise.race([lasts(), Promise.all([...strands, ...working])]);
  } finally {
    over.abort();
    await Promise.allSettled([...strands, ...working]);
  }
  await Promise.all([...strands, ...working]);
  const seconds = Math.round((performance.now() - start) / 1000);
  tell('calm');
  const wrong = [
    ...(await differences(scene, ledger.live, SETTLED_WITHIN_MS)),
    ...(await failedChecks(ledger.live)),
    ...(await unreachable(scene, ledger.live)),
  ];
  tell('compared');
  await Promise.all(workers.map((worker) => worker.finish()));
  wrong.push(...ledger.violations, ...(await differences(scene, [], SETTLED_WITHIN_MS)));
  tell('ended');
  const failures: Record<string, number> = {};
  for (const { work } of workers)
    for (const [reason, times] of work.failures) failures[reason] = (failures[reason] ?? 0) + times;
  return {
    seconds,
    adds: attached(),
    dels: workers.reduce((sum, { work }) => sum + work.dels, 0),
    troubles: events.filter((event) => !event.includes('over: ')).length,
    failures,
    wrong: wrong.length === 0 ? [] : [...wrong, ...events, ...told(scene, wrong)],
  };
}

/** Of what is wrong, the Pods, containers, addresses and links are looked for in the logs. */
function told({ nodes }: StormScene, wrong: readonly string[]): readonly string[] {
  const words = wrong.join(' ').match(/\bw\d-\d\b|\b[0-9a-f]{12}\b|\bveth[0-9a-f]{11}\b|\b10\.11\.0\.\d+\b/g) ?? [];
  return [...new Set(words)].slice(0, 6).flatMap((word) => nodes.flatMap((node) => node.told([word])));
}
