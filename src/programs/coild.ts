import { dirname, join } from 'node:path';
import { runCoild } from '../coild/coild.ts';
import { meteredNetwork } from '../coild/metered-network.ts';
import { rootOnly } from '../coild/peer-authority.ts';
import { servingLimits } from '../coild/serving-limits.ts';
import { CoilError } from '../model/error.ts';
import { tryLockFile } from '../netlink/file-lock.ts';
import { socketUid } from '../netlink/socket-owner.ts';
import { hostIfname } from '../podnet/host-ifname.ts';
import { NetlinkAttachmentLinks } from '../podnet/netlink-attachment-links.ts';
import { NetlinkBlockExporter } from '../podnet/netlink-block-exporter.ts';
import { NetlinkHostSide } from '../podnet/netlink-host-side.ts';
import { NetlinkNetworkChanges } from '../podnet/netlink-network-changes.ts';
import { NetlinkPodNetwork } from '../podnet/netlink-pod-network.ts';
import { missingCapabilities, processStatus } from '../process/capabilities.ts';
import { withFlags } from '../process/command-line.ts';
import { serveMetrics } from '../process/metrics-listener.ts';
import { openFilesLimit } from '../process/open-files.ts';
import { openLogger } from '../process/open-logger.ts';
import { addProcessMetrics } from '../process/process-metrics.ts';
import type { Main } from '../process/program.ts';
import { PrometheusMetrics } from '../process/prometheus-metrics.ts';
import { keepHeapSmall } from '../process/small-heap.ts';
import { bootId } from './boot-id.ts';
import { certainEnd } from './certain-end.ts';
import { COILD_FLAGS, readCoildOptions } from './coild-flags.ts';
import { LazyPodUids } from './lazy-pod-uids.ts';
import { openNodeStore } from './open-node-store.ts';
import { openSandboxSource } from './reclaim-flags.ts';
import { readStoreOptions } from './store-options.ts';

/** Links, addresses and routes take the first, entering the Pods' network namespaces the second. */
const CAPABILITIES = ['CAP_NET_ADMIN', 'CAP_SYS_ADMIN'] as const;

const SPEC = {
  name: 'coild',
  summary: "Coil's node daemon: gives Pods addresses and a network, and exports the node's address blocks.",
  flags: COILD_FLAGS,
  epilogue: 'COIL_NODE_NAME in the environment names the node, as Kubernetes does; it is required.',
};

/** The node daemon. Runs until it is told to stop. */
export const main: Main = (io) =>
  withFlags(SPEC, io, async (flags) => {
    const options = { ...readCoildOptions(flags, io.env), limits: servingLimits(openFilesLimit()) };
    const storeOptions = readStoreOptions(flags);
    using logger = openLogger('coild', flags, io.stderr);
    using _end = certainEnd(io.signal, logger);
    try {
      requireCapabilities();
      keepHeapSmall();
      const metrics = new PrometheusMetrics();
      addProcessMetrics(metrics, SPEC.name);
      await using _metrics = options.metrics && (await serveMetrics(options.metrics, metrics, io));
      const nodeStore = { node: options.node, store: storeOptions, offline: flags };
      await using opened = await openNodeStore(nodeStore, { ...io, ...clocks, metrics, logger });
      const { store, connection, datastore } = opened;
      await using podNetwork = new NetlinkPodNetwork({}, { logger });
      await using hostSide = new NetlinkHostSide({}, { isDoomed: (name) => podNetwork.isDoomed(name) });
      const table = { tableId: flags['table-id'], protocolId: flags['protocol-id'] };
      await using exporter = new NetlinkBlockExporter(table);
      await using links = new NetlinkAttachmentLinks();
      using runtime = openSandboxSource(flags, { logger });
      using kubernetes = flags['ask-kubernetes'] ? new LazyPodUids(io.env) : undefined;
      const network = {
        ...{ podNetwork, hostIfname, changes: new NetlinkNetworkChanges(table) },
        ...meteredNetwork({ hostSide, exporter }, metrics),
      };
      const sources = {
        sessions: datastore.sessions,
        boots: datastore,
        bootId,
        links,
        sandboxes: runtime,
        podUids: kubernetes,
      };
      const about = { metrics, logger, mayChange: rootOnly(socketUid), tryLockFile, ...clocks };
      const deps = { store, connection, ...network, ...sources, ...about };
      // beside what a second coild of this node would use too
      const shared = storeOptions.medium === 'sqlite' ? storeOptions.path : options.socket;
      const lock = join(dirname(shared), `${options.node}.lock`);
      await runCoild({ ...options, lock }, deps, io.signal);
      return 0;
    } catch (error) {
      // told to stop while another process had its port
      if (error === io.signal.reason) return 0;
      logger.error('coild cannot go on', { error });
      return 1;
    }
  });

const clocks = { clock: () => performance.now(), now: () => new Date() };

/** Before a database or a socket is made, which would come to belong to another user. */
function requireCapabilities(): void {
  const missing = missingCapabilities(CAPABILITIES, processStatus());
  if (missing.length === 0) return;
  const needed = `coild has to run as root, or with the capabilities ${CAPABILITIES.join(' and ')}`;
  throw new CoilError('network', `${needed}; this process lacks ${missing.join(' and ')}`);
}
