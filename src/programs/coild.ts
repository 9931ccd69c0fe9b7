import { hostname } from 'node:os';
import { runCoild } from '../coild/coild.ts';
import { parseListenAddress } from '../coild/listen-address.ts';
import { rootOnly } from '../coild/peer-authority.ts';
import { parseSocketPath } from '../coild/socket-path.ts';
import { CoilError } from '../model/error.ts';
import { socketUid } from '../netlink/socket-owner.ts';
import { hostIfname } from '../podnet/host-ifname.ts';
import { NetlinkAttachmentLinks } from '../podnet/netlink-attachment-links.ts';
import { NetlinkBlockExporter } from '../podnet/netlink-block-exporter.ts';
import { NetlinkHostSide } from '../podnet/netlink-host-side.ts';
import { NetlinkNetworkChanges } from '../podnet/netlink-network-changes.ts';
import { NetlinkPodNetwork } from '../podnet/netlink-pod-network.ts';
import { withFlags } from '../process/command-line.ts';
import { durationFlag, type FlagValues, integerFlag, textFlag } from '../process/flag.ts';
import { LOG_FLAGS } from '../process/log-flags.ts';
import type { Logger } from '../process/logger.ts';
import { openLogger } from '../process/open-logger.ts';
import type { Main } from '../process/program.ts';
import { UsageError } from '../process/usage-error.ts';
import { bootId } from './boot-id.ts';
import { LazyPodUids } from './lazy-pod-uids.ts';
import { openStorePatiently } from './open-store-patiently.ts';
import { openSandboxSource, RECLAIM_FLAGS, readReclaimSettings } from './reclaim-flags.ts';
import { readStoreOptions, STORE_FLAGS } from './store-options.ts';

const FLAGS = {
  socket: textFlag({ describe: 'Unix socket for the CNI plugin, for root alone', default: '/run/coil/coild.sock' }),
  http: textFlag({ describe: 'HOST:PORT of the REST API; empty for none', default: '127.0.0.1:9383' }),
  'table-id': integerFlag({ describe: 'Routing table to export blocks to', default: '119', min: 1, max: 2 ** 31 - 1 }),
  'protocol-id': integerFlag({ describe: 'Protocol of the exported routes', default: '30', min: 5, max: 255 }),
  'scan-interval': durationFlag({
    describe: 'How often empty blocks are returned, and how long they are kept',
    default: '10m',
    minMs: 100,
  }),
  'address-rest': durationFlag({ describe: 'How long a freed address is not given out again', default: '30s' }),
  ...RECLAIM_FLAGS,
  ...STORE_FLAGS,
  ...LOG_FLAGS,
} as const;

const SPEC = {
  name: 'coild',
  summary: "Coil's node daemon: gives Pods addresses and a network, and exports the node's address blocks.",
  flags: FLAGS,
  epilogue: 'COIL_NODE_NAME in the environment names the node, as Kubernetes does; it is required.',
};

/** The node daemon. Runs until it is told to stop. */
export const main: Main = (io) =>
  withFlags(SPEC, io, async (flags) => {
    const node = nodeName(io.env.COIL_NODE_NAME);
    refuseKernelTable(flags['table-id']);
    const http = flags.http === '' ? undefined : asUsage(() => parseListenAddress('--http', flags.http));
    const socket = asUsage(() => parseSocketPath('--socket', flags.socket));
    const storeOptions = readStoreOptions(flags);
    const reclaim = readReclaimSettings(flags);
    using logger = openLogger('coild', flags, io.stderr);
    try {
      await using store = await openStorePatiently(storeOptions, { ...io, logger });
      if (!store) return 0;
      await using podNetwork = new NetlinkPodNetwork({}, { logger });
      await using hostSide = new NetlinkHostSide({}, { isDoomed: (name) => podNetwork.isDoomed(name) });
      const table = { tableId: flags['table-id'], protocolId: flags['protocol-id'] };
      await using exporter = new NetlinkBlockExporter(table);
      await using links = new NetlinkAttachmentLinks();
      using runtime = openSandboxSource(flags, { logger });
      using kubernetes = flags['ask-kubernetes'] ? new LazyPodUids(io.env) : undefined;
      const network = { podNetwork, hostSide, exporter, hostIfname, changes: new NetlinkNetworkChanges(table) };
      const sources = {
        sessions: store.sessions,
        boots: store,
        bootId,
        links,
        sandboxes: runtime,
        podUids: kubernetes,
      };
      const options = { node, host: hostname(), http, socket, reclaim, ...intervals(flags) };
      const deps = { store, ...network, ...sources, logger, mayChange: rootOnly(socketUid), ...clocks };
      await runCoild(options, deps, io.signal);
      return 0;
    } catch (error) {
      return failed(logger, error);
    }
  });

const clocks = { clock: () => performance.now(), now: () => new Date() };

function intervals(flags: FlagValues<typeof FLAGS>) {
  return { scanIntervalMs: flags['scan-interval'], restMs: flags['address-rest'] };
}

/** A node's name is a member of the datastore's JSON, and one of Kubernetes' Nodes: a DNS subdomain. */
function nodeName(name: string | undefined): string {
  if (name && /^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,251}[a-zA-Z0-9])?$/.test(name)) return name;
  const given = name ? `is ${JSON.stringify(name)}, which is not a name of a node` : 'is not set';
  throw new UsageError(`COIL_NODE_NAME ${given}: set it to this node's name in the environment`);
}

/** In the tables default, main and local (linux/rtnetlink.h, enum rt_class_t) are the node's own routes. */
function refuseKernelTable(id: number): void {
  if (id >= 253 && id <= 255) throw new UsageError(`--table-id ${id} is a table of the kernel's own; take another one`);
}

function asUsage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (CoilError.is(error, 'invalid-argument')) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

function failed(logger: Logger, error: unknown): number {
  logger.error('coild cannot go on', { error });
  return 1;
}
