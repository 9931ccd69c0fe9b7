import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { coilImage } from '../../tools/image/coil-image.ts';
import { fullName, imageArchive } from '../../tools/image/image-archive.ts';
import { type Container, podSpec } from '../deploy/manifests.ts';
import type { Built } from './built.ts';
import type { Machine } from './machine.ts';
import type { MachineProcess } from './machine-process.ts';

/** What containerd gives a container that nobody says more of (its oci package, defaultUnixCaps). */
const USUAL = [
  ...['CHOWN', 'DAC_OVERRIDE', 'FSETID', 'FOWNER', 'MKNOD', 'NET_RAW', 'SETGID', 'SETUID', 'SETFCAP', 'SETPCAP'],
  ...['NET_BIND_SERVICE', 'SYS_CHROOT', 'KILL', 'AUDIT_WRITE'],
];

/** The image of Coil in a machine's containerd, and containers of it, as kubelet has them made. */
export class ImageContainers {
  readonly #machine: Machine;
  readonly #image: string;

  private constructor(machine: Machine, image: string) {
    this.#machine = machine;
    this.#image = image;
  }

  /** Builds the image, and imports it. */
  static async create(machine: Machine, dist: Built): Promise<ImageContainers> {
    const image = await coilImage(dirname(dist.hypercoil));
    const archive = join(machine.folder, 'coil-image.tar');
    await writeFile(archive, imageArchive(image));
    const containers = new ImageContainers(machine, fullName(image.tag));
    await containers.#ctr('images', 'import', archive);
    await rm(archive);
    return containers;
  }

  /** Runs a program without any privilege to its end. @returns what it printed */
  async run(...command: readonly string[]): Promise<string> {
    const without = dropAll([]);
    return await this.#ctr('run', '--rm', '--read-only', ...without, ...this.#placed('short'), ...command);
  }

  /**
   * Starts coild with the privileges and the mounts that the DaemonSet gives it, `folders` of the machine besides.
   */
  startCoild(node: Parameters<typeof podSpec>[0], args: readonly string[], folders: readonly string[]): MachineProcess {
    const { containers, volumes } = podSpec(node, 'coil-node');
    const coild = containers[0]!;
    const hostPaths = new Map(volumes.map(({ name, hostPath }) => [name, hostPath?.path]));
    const mounts = coild.volumeMounts.flatMap(({ name, mountPath, mountPropagation }) => {
      const path = hostPaths.get(name);
      const propagation = mountPropagation === 'HostToContainer' ? 'rslave' : 'rprivate';
      const mount = path
        ? `type=bind,src=${path},dst=${mountPath},options=rbind:${propagation}:rw`
        : `type=tmpfs,dst=${mountPath},options=mode=1777`;
      return ['--mount', mount];
    });
    const more = folders.flatMap((path) => ['--mount', `type=bind,src=${path},dst=${path},options=rbind:rw`]);
    const options = [...privileges(coild), '--net-host', '--env', 'COIL_NODE_NAME=node1', ...mounts, ...more];
    return this.#machine.start(this.#line('run', '--rm', ...options, ...this.#placed('coild'), 'coild', ...args));
  }

  #placed(id: string): string[] {
    return ['--cgroup', `${this.#machine.cgroup}/${id}`, this.#image, id];
  }

  #line(...args: readonly string[]): string[] {
    return ['ctr', '--address', join(this.#machine.folder, 'containerd.sock'), ...args];
  }

  async #ctr(...args: readonly string[]): Promise<string> {
    const [program, ...rest] = this.#line(...args) as [string, ...string[]];
    return await this.#machine.run(program, ...rest);
  }
}

/** As kubelet reads a securityContext, with the seccomp profile RuntimeDefault. */
function privileges({ securityContext }: Container): string[] {
  const { capabilities, readOnlyRootFilesystem } = securityContext;
  return ['--seccomp', ...(readOnlyRootFilesystem ? ['--read-only'] : []), ...dropAll(capabilities?.add ?? [])];
}

function dropAll(add: readonly string[]): string[] {
  const dropped = USUAL.flatMap((name) => ['--cap-drop', `CAP_${name}`]);
  return [...dropped, ...add.flatMap((name) => ['--cap-add', `CAP_${name}`])];
}
