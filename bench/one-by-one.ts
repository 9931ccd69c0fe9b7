import { type Contestant, msOf, pluginCall } from './contestant.ts';
import { untilLinks } from './host-links.ts';
import { PodNamespaces } from './pod-namespaces.ts';
import type { ProgramCall, Timed } from './program-call.ts';

/** What one contestant took, in milliseconds, a value for each iteration. */
export interface CallTimes {
  readonly add: number[];
  readonly del: number[];
  /** From the start of a DEL until the link is gone, which may be after the answer. */
  readonly gone: number[];
}

export interface OneByOneOptions {
  readonly warmUp: number;
  readonly iterations: number;
  readonly run: (call: ProgramCall) => Promise<Timed>;
}

/**
 * One Pod after the other. In each iteration every contestant gives a Pod of its own a network and takes it away again;
 * who is first changes from one iteration to the next.
 */
export async function oneByOne(
  options: OneByOneOptions,
  contestants: readonly Contestant[],
  signal: AbortSignal,
): Promise<ReadonlyMap<Contestant, CallTimes>> {
  const times = new Map(contestants.map((contestant) => [contestant, emptyTimes()]));
  const rounds = options.warmUp + options.iterations;
  await using namespaces = await PodNamespaces.create(rounds * contestants.length);
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? contestants : contestants.toReversed();
    const pods = order.map((contestant, i) => ({
      contestant,
      times: round < options.warmUp ? emptyTimes() : times.get(contestant)!,
      pod: { name: `${contestant.podPrefix}-${round}`, netns: namespaces.path(round * contestants.length + i) },
    }));
    for (const { contestant, times: into, pod } of pods) {
      signal.throwIfAborted();
      into.add.push(msOf(`ADD of ${contestant.name}`, await options.run(pluginCall(contestant, 'ADD', pod))));
    }
    let left = pods.length;
    for (const { contestant, times: into, pod } of pods.toReversed()) {
      const ms = msOf(`DEL of ${contestant.name}`, await options.run(pluginCall(contestant, 'DEL', pod)));
      const answered = performance.now();
      await untilLinks(--left);
      into.del.push(ms);
      into.gone.push(ms + performance.now() - answered);
    }
  }
  return times;
}

function emptyTimes(): CallTimes {
  return { add: [], del: [], gone: [] };
}
