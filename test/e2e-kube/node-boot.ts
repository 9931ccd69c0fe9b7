import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { childPid } from '../e2e/child-pid.ts';
import { CONTROL_ADDRESS, NODE_PREFIX } from './addresses.ts';
import { SET_BOOT_ID } from './boot-id.ts';
import { run } from './command.ts';
import { SHIELD_KERNEL } from './kernel-settings.ts';

const UNSHARE = ['--pid', '--mount', '--net', '--ipc', '--uts', '--fork', '--kill-child', '--mount-proc'];
const BOOT_MS = 15_000;
/** What programs on a node do not find the host's files in. */
export const OWN_FOLDERS = ['/etc', '/opt', '/run', '/var/lib', '/var/log'];

/**
 * What a machine has before its first service starts: a disk of its own below /etc, /opt, /var/lib and /var/log, an empty
 * /run, a boot ID, kernel settings as kubelet wants them, shared mounts as systemd makes them, and a kernel that does not forward.
 *
 * Its hierarchies of cgroups, where of version 1, are not below /sys: each look into one would take the lock of sysfs
 * (kernfs_dop_revalidate), in which a link of a Pod is entered while all others wait for the lock of links. Two nodes on
 * one kernel made each other's Pods wait up to 15 s by that. Programs find the hierarchies by /proc/self/mountinfo.
 */
const START = `set -e
disk=$1
echo "$2" >/proc/sys/kernel/hostname
mount --bind "$disk/var/lib" /var/lib
mount --bind "$disk/var/log" /var/log
mount --bind "$disk/opt" /opt
mount -t overlay -o lowerdir=/etc,upperdir="$disk/etc",workdir="$disk/etc-work" etc /etc
mount -t tmpfs run /run
mkdir /run/lock /run/cgroup
if mountpoint -q /sys/fs/cgroup && [ "$(stat --file-system --format=%T /sys/fs/cgroup)" = tmpfs ]; then
  mount --move /sys/fs/cgroup /run/cgroup
fi
${SET_BOOT_ID}
${SHIELD_KERNEL}
mount --make-rshared /
ip link set lo up
echo 0 >/proc/sys/net/ipv4/ip_forward
[ ! -e /proc/sys/net/ipv6 ] || echo 0 >/proc/sys/net/ipv6/conf/all/forwarding
echo up
exec "$0"`;

export interface NodeBootOptions {
  readonly name: string;
  readonly address: string;
  /** Folder with var/lib, var/log, opt, etc and etc-work, which outlives the machine. */
  readonly disk: string;
  /** The program for process 1. */
  readonly pause: string;
  /** The bridge that the nodes are joined by. */
  readonly bridge: string;
}

/** A machine that runs: processes, mounts and network of its own, which all go with its process 1. */
export interface BootedNode {
  /** Of process 1, in this process's namespace. */
  readonly pid: number;
  /** As when its power fails; returns when nothing of it is left. */
  powerOff(): Promise<void>;
}

export async function bootNode({ name, address, disk, pause, bridge }: NodeBootOptions): Promise<BootedNode> {
  // should this process be killed, unshare gets the signal, and process 1 from unshare
  const command = ['--pdeathsig=KILL', 'unshare', ...UNSHARE, 'sh', '-c', START, pause, disk, name];
  const unshare = spawn('setpriv', command, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(unshare, 'exit');
  const up = once(unshare.stdout, 'data').then(() => true);
  if (!(await Promise.race([up, exited.then(() => false), delay(BOOT_MS, false, { ref: false })])))
    throw new Error(`${name} does not boot; standard error tells why`);
  unshare.stdout.destroy();
  unshare.unref();
  const pid = await childPid(unshare.pid!);
  const link = `${bridge}-${name}`;
  await run(['ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid)]);
  await run(['ip', 'link', 'set', link, 'master', bridge, 'up']);
  const inside = `ip addr add ${address}/${NODE_PREFIX} dev eth0 && ip link set eth0 up && ip route add default via ${CONTROL_ADDRESS}`;
  await run(['nsenter', '--target', String(pid), '--net', 'sh', '-c', inside]);
  return {
    pid,
    powerOff: async () => {
      process.kill(pid, 'SIGKILL');
      // unshare ends after every process of the namespace has (pid_namespaces(7))
      unshare.ref();
      await exited;
    },
  };
}
