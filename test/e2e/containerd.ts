import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CriClient } from './cri-client.ts';
import { eventually } from './eventually.ts';
import { PAUSE_IMAGE, pauseImage } from './image.ts';
import type { Machine } from './machine.ts';
import type { MachineProcess } from './machine-process.ts';

/** Where Debian's containernetworking-plugins are. */
export const REFERENCE_PLUGINS = '/usr/lib/cni';
/** loopback: containerd runs it in each sandbox of its own accord. */
export const NEEDED_PLUGINS = ['loopback', 'portmap', 'tuning'];
const START_MS = 15_000;

export interface ContainerdOptions {
  /** Path of the executable pause. */
  readonly pause: string;
  /** Path of the plugin `coil`. */
  readonly coil: string;
  /** A network configuration list, as text. */
  readonly netconf: string;
}

export interface Containerd extends Disposable {
  readonly process: MachineProcess;
  /** Ends it; Pods stay. */
  stop(): Promise<void>;
  /** Starts it again, with what it has kept on disk. */
  restart(): Promise<void>;
  readonly cri: CriClient;
}

/** Starts containerd on a machine, its state in the machine's /run; it ends with the machine. */
export async function startContainerd(machine: Machine, options: ContainerdOptions): Promise<Containerd> {
  const { folder } = machine;
  const socket = join(folder, 'containerd.sock');
  await installPlugins(folder, options);
  await writeFile(join(folder, 'containerd.toml'), configuration(folder, socket));
  const image = join(folder, 'pause.tar');
  await writeFile(image, await pauseImage(options.pause));
  let process = await run(machine);
  using undo = new DisposableStack();
  const cri = undo.use(new CriClient(socket));
  await cri.connect(START_MS);
  await machine.run('ctr', '--address', socket, '--namespace', 'k8s.io', 'images', 'import', image);
  const ready = () => cri.checkReady(PAUSE_IMAGE).then(() => true);
  await eventually('containerd has its network configuration and the image', ready, START_MS);
  undo.move();
  return {
    get process() {
      return process;
    },
    cri,
    stop: async () => void (await process.stop()),
    restart: async () => {
      process = await run(machine);
    },
    [Symbol.dispose]: () => cri[Symbol.dispose](),
  };
}

async function run(machine: Machine): Promise<MachineProcess> {
  const process = machine.start(['containerd', '--config', join(machine.folder, 'containerd.toml')]);
  await process.printed(/containerd successfully booted/);
  return process;
}

async function installPlugins(folder: string, { coil, netconf }: ContainerdOptions): Promise<void> {
  await mkdir(join(folder, 'bin'));
  await copyFile(coil, join(folder, 'bin/coil'));
  for (const plugin of NEEDED_PLUGINS) await symlink(join(REFERENCE_PLUGINS, plugin), join(folder, 'bin', plugin));
  await mkdir(join(folder, 'net.d'));
  await writeFile(join(folder, 'net.d/10-coil.conflist'), netconf);
}

function configuration(folder: string, socket: string): string {
  const path = (name: string) => JSON.stringify(join(folder, name));
  // restrict_oom_score_adj: where the tests have no CAP_SYS_RESOURCE, the score may not be lowered
  return `version = 2
root = "/run/containerd/root"
state = "/run/containerd/state"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]
[grpc]
address = ${JSON.stringify(socket)}
[plugins."io.containerd.internal.v1.opt"]
path = "/run/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = ${JSON.stringify(PAUSE_IMAGE)}
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = ${path('bin')}
conf_dir = ${path('net.d')}
`;
}
