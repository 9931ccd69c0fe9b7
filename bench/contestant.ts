import type { ProgramCall, Timed } from './program-call.ts';

/** A CNI plugin with a network configuration. */
export interface Contestant {
  readonly name: string;
  readonly executable: string;
  /** Of CNI 1.0.0. */
  readonly netconf: object;
  /** Tells Pods apart whose namespaces have the same number. */
  readonly podPrefix: string;
}

/** A Pod that a contestant is to give a network. */
export interface BenchPod {
  readonly name: string;
  /** Path of its network namespace. */
  readonly netns: string;
}

/** Where the reference plugins are on Debian. */
export const CNI_PATH = '/usr/lib/cni';

export function coilContestant(name: string, executable: string, socket: string): Contestant {
  const netconf = { cniVersion: '1.0.0', name: 'coil', type: 'coil', coild: `unix://${socket}` };
  return { name, executable, netconf, podPrefix: name.replaceAll(/[^a-z]/g, '') };
}

/** The reference plugins that do the same: a routed veth pair, and addresses of a range of the node's own. */
export function ptpContestant(dataFolder: string): Contestant {
  const ipam = { type: 'host-local', dataDir: dataFolder, subnet: '10.77.0.0/16', routes: [{ dst: '0.0.0.0/0' }] };
  const netconf = { cniVersion: '1.0.0', name: 'ptp', type: 'ptp', ipam };
  return { name: 'ptp + host-local', executable: `${CNI_PATH}/ptp`, netconf, podPrefix: 'ptp' };
}

/** A call of the plugin, as a container runtime makes it. */
export function pluginCall(contestant: Contestant, command: 'ADD' | 'DEL', pod: BenchPod): ProgramCall {
  const env = {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    CNI_COMMAND: command,
    CNI_CONTAINERID: pod.name,
    CNI_NETNS: pod.netns,
    CNI_IFNAME: 'eth0',
    CNI_PATH,
    CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=bench;K8S_POD_NAME=${pod.name}`,
  };
  return { executable: contestant.executable, args: [], env, input: JSON.stringify(contestant.netconf) };
}

/** The milliseconds of a call, whose failure ends the benchmark. */
export function msOf(what: string, { ms, status, stdout }: Timed): number {
  if (status !== 0) throw new Error(`${what} failed: ${stdout || status}`);
  return ms;
}
