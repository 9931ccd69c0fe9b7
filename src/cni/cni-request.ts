import { parseCniArgs } from './cni-args.ts';
import type { CniCommand } from './cni-command.ts';
import { CNI_CODE, CniError } from './cni-error.ts';
import type { GcRequest } from './garbage-collection.ts';
import { CNI_NAME, type NetworkConfig, parseNetworkConfig } from './network-config.ts';
import { quoted } from './quoted.ts';
import { parseValidAttachments } from './valid-attachments.ts';

/** What coild is asked for; VERSION is answered by the client itself. */
const SERVED_COMMANDS = ['ADD', 'DEL', 'CHECK', 'STATUS', 'GC'] as const satisfies readonly CniCommand[];

/** The environment variables of a call (CNI SPEC.md 1.1.0, section 2 "Parameters"), undefined where not set. */
export interface CniParameters {
  readonly command: string | undefined;
  readonly containerId: string | undefined;
  readonly netns: string | undefined;
  readonly ifname: string | undefined;
  readonly args: string | undefined;
}

/** A call that names a container's interface. */
export interface AttachmentRequest {
  readonly config: NetworkConfig;
  readonly containerId: string;
  readonly ifname: string;
  /** Undefined in a DEL after the namespace went. */
  readonly netns: string | undefined;
  /** From `CNI_ARGS`; a DEL may lack them. */
  readonly namespace: string | undefined;
  readonly pod: string | undefined;
  /** Absent where the runtime does not tell, and where it is no UID. */
  readonly podUid?: string;
}

/** What ADD and CHECK need besides. */
export type FullAttachmentRequest = {
  readonly [K in keyof AttachmentRequest]: Exclude<AttachmentRequest[K], undefined>;
};

/** What CHECK needs besides. */
export type CheckRequest = FullAttachmentRequest & {
  /** What the runtime kept of ADD, of the whole chain. */
  readonly prevResult: Readonly<Record<string, unknown>>;
};

/** A request that was found to be in order. */
export type CniRequest =
  | { readonly command: 'ADD'; readonly request: FullAttachmentRequest }
  | { readonly command: 'CHECK'; readonly request: CheckRequest }
  | { readonly command: 'DEL'; readonly request: AttachmentRequest }
  | { readonly command: 'STATUS'; readonly request: { readonly config: NetworkConfig } }
  | { readonly command: 'GC'; readonly request: GcRequest };

const NAMES = { containerId: 'CNI_CONTAINERID', netns: 'CNI_NETNS', ifname: 'CNI_IFNAME' } as const;
/** The datastore and the link's alias hold it; runtimes use 64 characters. */
const MAX_CONTAINER_ID = 200;
/** IFNAMSIZ (linux/if.h), less the closing zero. */
const MAX_IFNAME = 15;
/**
 * Where runtimes keep network namespaces: ip-netns(8), and proc_pid_ns(5). Nothing else is even opened: to open a device
 * or a pipe may do something already.
 */
const NETNS_PATH =
  /^(?:(?:\/var)?\/run\/netns\/(?!\.{1,2}$)[^/]+|\/proc\/(?:\d+|self|thread-self)(?:\/task\/\d+)?\/ns\/net)$/;
/** As Kubernetes spells namespaces and Pods: a DNS subdomain (RFC 1123). */
const KUBERNETES_NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
/** Of the API server a UUID, of a static Pod a hash in hex; the datastore holds it. */
const POD_UID = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/;

/** @throws {CniError} that names the variable or member that is wrong */
export function parseCniRequest(parameters: CniParameters, stdin: string): CniRequest {
  const command = SERVED_COMMANDS.find((known) => known === parameters.command);
  if (command === undefined) {
    throw new CniError(
      CNI_CODE.invalidEnvironment,
      `CNI_COMMAND ${quoted(parameters.command ?? '')} is not known`,
      `it is one of ${SERVED_COMMANDS.join(', ')} and VERSION`,
    );
  }
  const config = parseNetworkConfig(stdin);
  if (command === 'STATUS') return { command, request: { config } };
  if (command === 'GC') return { command, request: { config, valid: parseValidAttachments(stdin) } };
  if (command === 'DEL')
    return { command, request: { config, ...parseAttachment(parameters, ['containerId', 'ifname']) } };
  const { netns, namespace, pod, ...rest } = parseAttachment(parameters, ['containerId', 'netns', 'ifname']);
  const missing = [namespace === undefined ? 'K8S_POD_NAMESPACE' : [], pod === undefined ? 'K8S_POD_NAME' : []].flat();
  if (netns === undefined || namespace === undefined || pod === undefined) {
    throw new CniError(
      CNI_CODE.invalidEnvironment,
      `CNI_ARGS lacks ${missing.join(' and ')}`,
      'coil attaches Pods of Kubernetes only',
    );
  }
  const request = { config, netns, namespace, pod, ...rest };
  return command === 'ADD' ? addRequest(request) : checkRequest(request);
}

function addRequest(request: FullAttachmentRequest): CniRequest {
  if (request.config.prevResult === undefined) return { command: 'ADD', request };
  throw new CniError(
    CNI_CODE.invalidNetworkConfig,
    'prevResult is not expected',
    'coil has to be the first plugin of its network configuration',
  );
}

/** CNI SPEC.md 1.1.0, section 2 "CHECK": the runtime has to give it. */
function checkRequest(request: FullAttachmentRequest): CniRequest {
  const { prevResult } = request.config;
  if (prevResult !== undefined) return { command: 'CHECK', request: { ...request, prevResult } };
  throw new CniError(
    CNI_CODE.invalidNetworkConfig,
    'prevResult is missing',
    'to CHECK, the runtime has to give the result of ADD',
  );
}

function parseAttachment(
  parameters: CniParameters,
  required: readonly (keyof typeof NAMES)[],
): Omit<AttachmentRequest, 'config'> {
  const missing = required.filter((key) => !parameters[key]).map((key) => NAMES[key]);
  if (missing.length > 0) {
    throw new CniError(
      CNI_CODE.invalidEnvironment,
      `required environment variables are missing: ${missing.join(', ')}`,
    );
  }
  const { containerId = '', netns, ifname = '', args = '' } = parameters;
  if (!CNI_NAME.test(containerId) || containerId.length > MAX_CONTAINER_ID) {
    throw invalid(
      'CNI_CONTAINERID',
      containerId,
      `it begins with a letter or digit, goes on with these, "_", "." and "-", and has at most ${MAX_CONTAINER_ID} characters`,
    );
  }
  if (!isInterfaceName(ifname)) {
    throw invalid(
      'CNI_IFNAME',
      ifname,
      `an interface's name has 1 to ${MAX_IFNAME} bytes, no "/", ":", "%" or white space, and is not "." or ".."`,
    );
  }
  if (netns && !NETNS_PATH.test(netns))
    throw invalid('CNI_NETNS', netns, 'it is /run/netns/NAME, /var/run/netns/NAME or /proc/PID/ns/net');
  const pairs = parseCniArgs(args);
  const podUid = pairs.get('K8S_POD_UID') ?? '';
  return {
    containerId,
    ifname,
    netns: netns || undefined,
    namespace: kubernetesName('K8S_POD_NAMESPACE', pairs),
    pod: kubernetesName('K8S_POD_NAME', pairs),
    // v1 did not look at it, and nothing but reclaim does: no Pod is to fail for it
    ...(POD_UID.test(podUid) ? { podUid } : {}),
  };
}

/** As the kernel's dev_valid_name() (net/core/dev.c), but for "%", of which it makes a name of its own. */
function isInterfaceName(name: string): boolean {
  return Buffer.byteLength(name) <= MAX_IFNAME && name !== '.' && name !== '..' && !/[/:%\s]/.test(name);
}

function kubernetesName(key: string, pairs: ReadonlyMap<string, string>): string | undefined {
  const name = pairs.get(key);
  if (name === undefined || name === '') return undefined;
  if (!KUBERNETES_NAME.test(name)) throw invalid(`CNI_ARGS: ${key}`, name, 'it is not a name of Kubernetes');
  return name;
}

function invalid(variable: string, value: string, rule: string): CniError {
  return new CniError(CNI_CODE.invalidEnvironment, `${variable} ${quoted(value)} is not valid`, rule);
}
