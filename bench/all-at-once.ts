import { type Contestant, pluginCall } from './contestant.ts';
import { untilLinks } from './host-links.ts';
import { PodNamespaces } from './pod-namespaces.ts';
import { runTimed, type Timed } from './program-call.ts';

/** What one contestant took for all Pods at once, in milliseconds, a value for each round. */
export interface CrowdTimes {
  readonly add: number[];
  readonly del: number[];
  /** From the start of the DELs until all links are gone. */
  readonly gone: number[];
  /** Of calls, in all rounds. */
  failures: number;
  /** The least of all rounds. */
  distinctAddresses: number;
}

export interface AllAtOnceOptions {
  readonly pods: number;
  readonly rounds: number;
}

/**
 * Many Pods at once: a parent starts all plugins together and waits for the last one. The contestants take turns, and
 * who is first changes. `withPods` is called while a contestant's Pods are there.
 */
export async function allAtOnce(
  options: AllAtOnceOptions,
  contestants: readonly Contestant[],
  withPods: (contestant: Contestant) => void,
  signal: AbortSignal,
): Promise<ReadonlyMap<Contestant, CrowdTimes>> {
  const times = new Map(contestants.map((contestant) => [contestant, emptyTimes(options.pods)]));
  for (let round = 0; round < options.rounds; round++) {
    for (const contestant of round % 2 === 0 ? contestants : contestants.toReversed()) {
      signal.throwIfAborted();
      await crowd(contestant, `${contestant.podPrefix}-all-${round}`, options.pods, times.get(contestant)!, () =>
        withPods(contestant),
      );
    }
  }
  return times;
}

async function crowd(
  contestant: Contestant,
  name: string,
  count: number,
  into: CrowdTimes,
  withPods: () => void,
): Promise<void> {
  await using namespaces = await PodNamespaces.create(count);
  const pods = Array.from({ length: count }, (_, i) => ({ name: `${name}-${i}`, netns: namespaces.path(i) }));
  const start = performance.now();
  const added = await Promise.all(pods.map((pod) => runTimed(pluginCall(contestant, 'ADD', pod))));
  into.add.push(performance.now() - start);
  withPods();
  into.distinctAddresses = Math.min(into.distinctAddresses, new Set(added.flatMap(addressesOf)).size);
  const startOfDels = performance.now();
  const deleted = await Promise.all(pods.map((pod) => runTimed(pluginCall(contestant, 'DEL', pod))));
  into.del.push(performance.now() - startOfDels);
  await untilLinks(0);
  into.gone.push(performance.now() - startOfDels);
  into.failures += [...added, ...deleted].filter(({ status }) => status !== 0).length;
}

function addressesOf({ status, stdout }: Timed): string[] {
  if (status !== 0) return [];
  const { ips } = JSON.parse(stdout) as { ips: { address: string }[] };
  return ips.map(({ address }) => address.split('/')[0]!);
}

function emptyTimes(pods: number): CrowdTimes {
  return { add: [], del: [], gone: [], failures: 0, distinctAddresses: pods };
}
