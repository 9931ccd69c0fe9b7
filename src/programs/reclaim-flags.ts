import type { ReclaimSettings } from '../coild/create-reclaim.ts';
import { type CriOptions, CriSandboxSource } from '../cri/cri-sandbox-source.ts';
import { choiceFlag, durationFlag, type FlagValues, optionalTextFlag, switchFlag } from '../process/flag.ts';
import type { Logger } from '../process/logger.ts';
import { UsageError } from '../process/usage-error.ts';

const group = 'Leaked addresses:';
/** How coild frees the addresses of Pods that are gone without a DEL. */
export const RECLAIM_FLAGS = {
  reclaim: choiceFlag({
    group,
    describe: 'Whether leaked addresses are freed, or only logged',
    choices: ['on', 'dry-run', 'off'],
    default: 'on',
  }),
  'reclaim-grace': durationFlag({
    group,
    describe: 'How long an address has to be proven leaked; longer than a runtime takes to start a Pod',
    default: '5m',
    minMs: 500,
  }),
  'cri-socket': optionalTextFlag({
    ...{ group, takes: 'file' },
    describe: "Container runtime's unix socket (CRI), to ask whether it knows a container",
  }),
  'ask-kubernetes': switchFlag({
    group,
    describe: 'Ask the API server whether a Pod is still there; takes 80 MB once it is asked',
  }),
} as const;

type Values = FlagValues<typeof RECLAIM_FLAGS>;

/** @throws {UsageError} naming the flag */
export function readReclaimSettings(flags: Values): ReclaimSettings {
  readSocket(flags);
  return { mode: flags.reclaim, graceMs: flags['reclaim-grace'] };
}

/** The container runtime, where there is one to ask. */
export function openSandboxSource(flags: Values, deps: { readonly logger: Logger }): CriSandboxSource | undefined {
  const options = readSocket(flags);
  return options && new CriSandboxSource(options, deps);
}

/** As kubelet takes it: a path, with or without `unix://`. */
function readSocket({ 'cri-socket': given }: Values): CriOptions | undefined {
  if (given === undefined) return undefined;
  const socket = given.replace(/^unix:\/\//, '');
  if (socket.startsWith('/') && !socket.includes('\0')) return { socket };
  throw new UsageError(`--cri-socket takes the absolute path of a unix socket, not ${JSON.stringify(given)}`);
}
