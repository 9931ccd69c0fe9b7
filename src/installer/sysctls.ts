import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from './file-error.ts';

/** What makes the kernel forward packets between Pods and the world; a kernel without IPv6 lacks the second. */
export const FORWARDING_SYSCTLS = ['net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding'] as const;

/** The kernel's settings of this network namespace. */
export interface Sysctls {
  /** `sysctl -n NAME`; undefined where the kernel has no such setting. */
  read(name: string): Promise<string | undefined>;
  /** `sysctl -w NAME=VALUE` */
  write(name: string, value: string): Promise<void>;
}

/** A setting could not be read or changed. The cause is the system's error, with its code. */
export class SysctlError extends Error {
  override readonly name = 'SysctlError';

  constructor(message: string, cause: unknown) {
    super(message, { cause });
  }
}

/** Settings by their files; `folder` is /proc/sys, but for tests. */
export function procSysctls(folder = '/proc/sys'): Sysctls {
  const pathOf = (name: string) => join(folder, ...name.split('.'));
  return {
    async read(name) {
      try {
        return (await readFile(pathOf(name), 'latin1')).trim();
      } catch (error) {
        if (errorCode(error) === 'ENOENT') return undefined;
        throw new SysctlError(`cannot read the sysctl ${name}`, error);
      }
    },
    async write(name, value) {
      try {
        await writeFile(pathOf(name), value, { flag: 'r+' });
      } catch (error) {
        const way = 'run the installer privileged and in the host network, or set it on the node';
        throw new SysctlError(`cannot set the sysctl ${name} to ${value} (${way})`, error);
      }
    },
  };
}
