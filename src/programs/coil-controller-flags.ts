import type { ControllerOptions } from '../controller/controller.ts';
import { LONGEST_DURATION_MS } from '../process/duration.ts';
import { durationFlag, type FlagValues, optionalTextFlag, textFlag } from '../process/flag.ts';
import { type ListenAddress, listenFlag } from '../process/listen-address.ts';
import { LOG_FLAGS } from '../process/log-flags.ts';
import { STORE_FLAGS } from './store-options.ts';

const group = 'Kubernetes:';
/** What coil-controller takes: v1's flags, and ours. */
export const CONTROLLER_FLAGS = {
  'scan-interval': durationFlag({
    describe: 'How often addresses are compared with Pods, and owners of blocks with Nodes',
    default: '10m',
    minMs: 100,
    maxMs: LONGEST_DURATION_MS,
  }),
  'address-expiration': durationFlag({
    describe: 'How long an address may be assigned without a Pod before that is warned of',
    default: '24h',
    maxMs: LONGEST_DURATION_MS,
  }),
  'node-grace': durationFlag({
    describe: 'How long a node may be gone from Kubernetes before it loses its blocks',
    default: '20s',
    maxMs: LONGEST_DURATION_MS,
  }),
  health: listenFlag({ describe: 'HOST:PORT of /healthz, /readyz and /metrics; empty for none', default: ':9384' }),
  kubeconfig: optionalTextFlag({
    ...{ group, takes: 'file', env: 'KUBECONFIG' },
    describe: "File that tells how to reach Kubernetes; without, the Pod's service account does",
  }),
  namespace: textFlag({
    ...{ group, env: 'POD_NAMESPACE', default: 'kube-system' },
    describe: 'Namespace of the Lease by which one of several controllers leads',
  }),
  ...STORE_FLAGS,
  ...LOG_FLAGS,
} as const;

export interface ControllerSettings extends Omit<ControllerOptions, 'identity'> {
  /** Where health is served; undefined for nowhere. */
  readonly health: ListenAddress | undefined;
}

export function readControllerSettings(flags: FlagValues<typeof CONTROLLER_FLAGS>): ControllerSettings {
  return {
    nodeGraceMs: flags['node-grace'],
    scanIntervalMs: flags['scan-interval'],
    addressExpirationMs: flags['address-expiration'],
    health: flags.health,
  };
}
