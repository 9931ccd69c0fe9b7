import { GarbageCollection } from '../cni/garbage-collection.ts';
import type { PodAttacher } from '../cni/pod-attacher.ts';
import { BootReclaim, type BootReclaimDeps } from '../ipam/boot-reclaim.ts';
import { judgedSync } from '../ipam/judged-sync.ts';
import { LeakJudge, type LeakJudgeDeps } from '../ipam/leak-judge.ts';
import { LeakRelease } from '../ipam/leak-release.ts';
import { meteredRelease } from '../ipam/metered-release.ts';
import type { NodeIpam } from '../ipam/node-ipam.ts';
import type { NodeState } from '../ipam/node-state.ts';
import type { NodeSync } from '../ipam/node-sync.ts';
import { Reclaim, type ReclaimDeps } from '../ipam/reclaim.ts';
import type { PodNetwork } from '../podnet/pod-network.ts';
import type { Backoff } from '../process/backoff.ts';
import type { Metrics } from '../process/metrics.ts';

/** A grace is looked at so many times at least, and this often whatever it is, in milliseconds. */
const LOOKS = 5;
const LONGEST_INTERVAL_MS = 60_000;

export interface ReclaimSettings {
  readonly mode: 'on' | 'dry-run' | 'off';
  readonly graceMs: number;
}

/** What reclaim looks at and asks. */
export interface ReclaimSources extends Pick<BootReclaimDeps, 'boots' | 'bootId'> {
  readonly links: LeakJudgeDeps['links'];
  readonly sandboxes?: LeakJudgeDeps['sandboxes'];
  readonly podUids?: LeakJudgeDeps['podUids'];
}

export interface CreateReclaimDeps
  extends ReclaimSources,
    Pick<LeakJudgeDeps, 'hostIfname' | 'logger'>,
    Pick<ReclaimDeps, 'sleep'> {
  readonly state: NodeState;
  readonly sync: NodeSync;
  /** Whether the state is what a journal says, which nobody else was told. */
  readonly isOffline: () => boolean;
  readonly ipam: Pick<NodeIpam, 'releaseAsSeen'>;
  readonly metrics: Metrics;
  readonly attacher: PodAttacher;
  readonly podNetwork: PodNetwork;
  readonly clock: () => number;
  /** Between two tries to free what was attached before a reboot. */
  readonly backoff?: Backoff;
}

/** What frees leaks by itself, and what does when the runtime asks for it. */
export interface Reclaiming {
  readonly reclaim: Pick<Reclaim, 'run'>;
  readonly garbage: Pick<GarbageCollection, 'collect'>;
}

const NOTHING: Reclaiming = {
  reclaim: { run: () => Promise.resolve() },
  garbage: { collect: () => Promise.resolve() },
};

export function createReclaim(node: string, { mode, graceMs }: ReclaimSettings, deps: CreateReclaimDeps): Reclaiming {
  if (mode === 'off') return NOTHING;
  const { attacher, sync, isOffline, backoff } = deps;
  const judged = judgedSync(sync, isOffline);
  const dryRun = mode === 'dry-run';
  const exclusively = attacher.exclusively.bind(attacher);
  const release = new LeakRelease({ dryRun }, { ...deps, ipam: meteredRelease(deps.ipam, deps.metrics), exclusively });
  const boot = new BootReclaim(
    { node, dryRun, ...(backoff && { backoff }) },
    { ...deps, adds: attacher.adds, release },
  );
  const judge = new LeakJudge(deps);
  const intervalMs = Math.min(graceMs / LOOKS, LONGEST_INTERVAL_MS);
  return {
    reclaim: new Reclaim({ graceMs, intervalMs }, { ...deps, sync: judged, boot, judge, release }),
    garbage: new GarbageCollection({ ...deps, release }),
  };
}
