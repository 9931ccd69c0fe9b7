import { run } from './command.ts';

const KERNELS = '/proc/sys/kernel/random/boot_id';
/** Where a machine has the one of its own, in memory. */
const OWN = '/run/boot_id';

/** Lines of a machine's start: the nodes share a kernel, and its name for the boot would be that of all of them. */
export const SET_BOOT_ID = `cat /proc/sys/kernel/random/uuid >${OWN}
mount --bind ${OWN} ${KERNELS}`;

/**
 * What containerd is to make each container of (base_runtime_spec): its default, with a hook that shows the machine's
 * boot ID, since a container has a /proc of its own. runc runs the hook in the folder that becomes the container's root.
 */
export async function containerSpec(): Promise<string> {
  const spec = JSON.parse(await run(['ctr', 'oci', 'spec'])) as object;
  const show = {
    path: '/bin/sh',
    args: ['sh', '-c', `mount --bind ${OWN} .${KERNELS}`],
    env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'],
  };
  return JSON.stringify({ ...spec, hooks: { createContainer: [show] } });
}

/** @param run runs a program on the machine */
export async function readBootId(node: { run(line: ['cat', string]): Promise<string> }): Promise<string> {
  return (await node.run(['cat', KERNELS])).trim();
}
