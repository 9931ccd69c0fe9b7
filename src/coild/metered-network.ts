import type { BlockExporter } from '../podnet/block-exporter.ts';
import type { HostSide } from '../podnet/host-side.ts';
import type { Metrics } from '../process/metrics.ts';

const PARTS = ['block', 'link', 'address', 'route'] as const;

/** What coild changes of the node's network. */
export interface NodeNetwork {
  readonly exporter: BlockExporter;
  readonly hostSide: HostSide;
}

/** The node's network, in which is counted what somebody else took away and coild put back. */
export function meteredNetwork({ exporter, hostSide }: NodeNetwork, metrics: Metrics): NodeNetwork {
  const repairs = metrics.counter({
    name: 'coil_network_repairs_total',
    help: "What was put back of blocks' routes, and of Pods' links, addresses and routes on the node",
    labels: ['part'],
    from: PARTS.map((part) => ({ part })),
  });
  let exported = new Set<string>();
  return {
    exporter: {
      sync: async (desired, ...rest) => {
        const report = await exporter.sync(desired, ...rest);
        const putBack = report.added.filter((block) => exported.has(String(block))).length;
        if (putBack > 0) repairs.add({ part: 'block' }, putBack);
        exported = new Set(desired.map(String));
        return report;
      },
    },
    hostSide: {
      look: hostSide.look.bind(hostSide),
      mend: async (...args) => {
        const done = await hostSide.mend(...args);
        for (const { part, outcome } of done) if (outcome === 'mended') repairs.add({ part });
        return done;
      },
    },
  };
}
