import type { Metrics } from '../process/metrics.ts';
import type { LeakReleaseDeps } from './leak-release.ts';

/** Counts the addresses that are freed as leaks. */
export function meteredRelease(ipam: LeakReleaseDeps['ipam'], metrics: Metrics): LeakReleaseDeps['ipam'] {
  const reclaimed = metrics.counter({
    name: 'coil_reclaimed_addresses_total',
    help: 'Leaked addresses that were freed: by two proofs, after a reboot, or at a GC',
  });
  return {
    releaseAsSeen: async (containerId, seen, signal) => {
      const isFreed = await ipam.releaseAsSeen(containerId, seen, signal);
      if (isFreed) reclaimed.add({}, seen.length);
      return isFreed;
    },
  };
}
