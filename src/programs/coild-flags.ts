import { hostname } from 'node:os';
import type { CoildOptions } from '../coild/coild-parts.ts';
import { parseSocketPath } from '../coild/socket-path.ts';
import { isNodeName } from '../model/node-name.ts';
import { LONGEST_DURATION_MS } from '../process/duration.ts';
import { durationFlag, type FlagValues, integerFlag, textFlag } from '../process/flag.ts';
import { type ListenAddress, listenFlag } from '../process/listen-address.ts';
import { LOG_FLAGS } from '../process/log-flags.ts';
import type { ProgramIo } from '../process/program.ts';
import { UsageError } from '../process/usage-error.ts';
import { OFFLINE_FLAGS } from './open-node-store.ts';
import { RECLAIM_FLAGS, readReclaimSettings } from './reclaim-flags.ts';
import { STORE_FLAGS } from './store-options.ts';

/** What coild takes: v1's flags, and ours. */
export const COILD_FLAGS = {
  socket: textFlag({ describe: 'Unix socket for the CNI plugin, for root alone', default: '/run/coil/coild.sock' }),
  http: listenFlag({ describe: 'HOST:PORT of the REST API; empty for none', default: '127.0.0.1:9383' }),
  metrics: listenFlag({
    describe: 'HOST:PORT of /metrics and nothing else; empty for none, as --http and --socket have it too',
    default: '',
  }),
  'table-id': integerFlag({ describe: 'Routing table to export blocks to', default: '119', min: 1, max: 2 ** 31 - 1 }),
  'protocol-id': integerFlag({ describe: 'Protocol of the exported routes', default: '30', min: 5, max: 255 }),
  'scan-interval': durationFlag({
    describe: 'How often empty blocks are returned, and how long they are kept',
    default: '10m',
    minMs: 100,
    maxMs: LONGEST_DURATION_MS,
  }),
  'address-rest': durationFlag({ describe: 'How long a freed address is not given out again', default: '30s' }),
  'spare-blocks': integerFlag({
    describe: 'Blocks kept in hand of each pool that the Pods of the node use: 0 or 1',
    default: '1',
    min: 0,
    max: 1,
  }),
  ...RECLAIM_FLAGS,
  ...OFFLINE_FLAGS,
  ...STORE_FLAGS,
  ...LOG_FLAGS,
} as const;

export type CoildFlagValues = FlagValues<typeof COILD_FLAGS>;

export interface CoildSettings extends CoildOptions {
  /** Where metrics are served besides; undefined for nowhere. */
  readonly metrics: ListenAddress | undefined;
}

/** @throws {UsageError} naming the flag or variable */
export function readCoildOptions(
  flags: CoildFlagValues,
  env: ProgramIo['env'],
): Omit<CoildSettings, 'limits' | 'lock'> {
  const node = nodeName(env.COIL_NODE_NAME);
  refuseKernelTable(flags['table-id']);
  return {
    node,
    host: hostname(),
    http: flags.http,
    metrics: flags.metrics,
    socket: parseSocketPath('--socket', flags.socket),
    scanIntervalMs: flags['scan-interval'],
    restMs: flags['address-rest'],
    keepSpare: flags['spare-blocks'] > 0,
    reclaim: readReclaimSettings(flags),
  };
}

function nodeName(name: string | undefined): string {
  if (name && isNodeName(name)) return name;
  const given = name ? `is ${JSON.stringify(name)}, which is not a name of a node` : 'is not set';
  throw new UsageError(`COIL_NODE_NAME ${given}: set it to this node's name in the environment`);
}

/** In the tables default, main and local (linux/rtnetlink.h, enum rt_class_t) are the node's own routes. */
function refuseKernelTable(id: number): void {
  if (id >= 253 && id <= 255) throw new UsageError(`--table-id ${id} is a table of the kernel's own; take another one`);
}
