/**
 * Keeps one machine for a test: process, mount, network, IPC and host name namespaces with process 1, a folder, and the
 * cgroups of the folder's name. It is a process of its own that ends it all when its standard input ends: also where the
 * test was killed, since the kernel closes the other end then. Called with the path of the program for process 1; prints
 * one line of JSON, a {@link KeptMachine}, once the machine is up.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { removeCgroups } from './cgroups.ts';
import { childPid } from './child-pid.ts';

/** What the keeper tells of its machine. */
export interface KeptMachine {
  /** Of the machine's process 1, as seen from outside. */
  readonly pid: number;
  /** The machine sees it at the same path. */
  readonly folder: string;
  /** Of cgroups that the machine may make, in every hierarchy: `/ct-x`. */
  readonly cgroup: string;
}

/**
 * Whatever is mounted, locked or listened on below /run, and written below /var/lib (libcni's cache in /var/lib/cni, which
 * a container runtime cannot put elsewhere), stays in the machine.
 */
const START = `set -e
mount -t tmpfs run /run
mkdir /run/written /run/work
mount -t overlay -o lowerdir=/var/lib,upperdir=/run/written,workdir=/run/work var-lib /var/lib
ip link set lo up
echo up
exec "$0"`;
/** For the machine to come up. */
const UP_MS = 15_000;
/** For its processes to be gone: the kernel takes down the network of each of its Pods. */
const GONE_MS = 60_000;
const UNSHARE = ['--pid', '--mount', '--net', '--ipc', '--uts', '--fork', '--kill-child', '--mount-proc'];

async function keep(pause: string): Promise<void> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'ct-')));
  const cgroup = `/${basename(folder)}`;
  // should the keeper itself be killed, unshare gets the signal, and process 1 from unshare
  const command = ['--pdeathsig', 'KILL', 'unshare', ...UNSHARE, 'sh', '-c', START, pause];
  const namespaces = spawn('setpriv', command, { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  namespaces.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const ended = once(namespaces, 'exit');
  try {
    const up = once(namespaces.stdout, 'data').then(() => 'up');
    const outcome = await Promise.race([up, ended.then(() => 'it ended'), late(UP_MS)]);
    if (outcome !== 'up') throw new Error(`the namespaces of the machine could not be made: ${outcome}\n${complaint}`);
    const machine: KeptMachine = { pid: await childPid(namespaces.pid!), folder, cgroup };
    process.stdout.write(`${JSON.stringify(machine)}\n`);
    await once(process.stdin.resume(), 'end');
  } finally {
    await end(namespaces, ended);
    await removeCgroups(cgroup);
    await rm(folder, { recursive: true });
  }
}

/** unshare ends when process 1 has, and that ends only after every process of its namespace is gone (pid_namespaces(7)). */
async function end(namespaces: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (namespaces.exitCode === null && namespaces.signalCode === null)
    process.kill(await childPid(namespaces.pid!), 'SIGKILL');
  const outcome = await Promise.race([ended, late(GONE_MS)]);
  if (typeof outcome === 'string') throw new Error(`the processes of the machine could not be ended: ${outcome}`);
}

function late(ms: number): Promise<string> {
  return delay(ms, `it took more than ${ms / 1000} s`, { ref: false });
}

// whoever is to read it may be gone already
process.stdout.on('error', () => {});
await keep(process.argv[2]!);
