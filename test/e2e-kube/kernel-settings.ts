import { readFile } from 'node:fs/promises';

/** What kubelet sets of the kernel, and to what (setupKernelTunables). It is the host's, too. */
const KUBELETS = {
  'vm/overcommit_memory': 1,
  'vm/panic_on_oom': 0,
  'kernel/panic': 10,
  'kernel/panic_on_oops': 1,
  'kernel/keys/root_maxkeys': 1_000_000,
  'kernel/keys/root_maxbytes': 25_000_000,
} as const;
/** Where a machine has those of its own, in memory. */
const OWN = '/run/sysctl';

/** Lines of a machine's start: what kubelet would set is there, and the host keeps what it has. */
export const SHIELD_KERNEL = Object.entries(KUBELETS)
  .map(
    ([path, value]) => `install -D /dev/null ${OWN}/${path}
echo ${value} >${OWN}/${path}
mount --bind ${OWN}/${path} /proc/sys/${path}`,
  )
  .join('\n');

/** What the host has of them: `vm/overcommit_memory = 0`. */
export async function kernelSettings(): Promise<readonly string[]> {
  const read = async (path: string) => `${path} = ${(await readFile(`/proc/sys/${path}`, 'utf8')).trim()}`;
  return await Promise.all(Object.keys(KUBELETS).map(read));
}
