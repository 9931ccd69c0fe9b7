import { readFileSync, writeFileSync } from 'node:fs';
import { CoilError } from '../model/error.ts';
import type { Netns } from '../netlink/netns.ts';

/**
 * `sysctl -w net.ipv6.conf.IFNAME.disable_ipv6=0` inside of `netns`: runtimes and distributions switch IPv6 off for new
 * interfaces, and then the kernel refuses addresses on them. Writes nothing where it is on.
 * @throws {CoilError} network
 */
export function enableIpv6(netns: Netns, ifname: string): void {
  const path = `/proc/sys/net/ipv6/conf/${ifname}/disable_ipv6`;
  netns.run(() => {
    try {
      if (readFileSync(path, 'latin1').trim() !== '0') writeFileSync(path, '0');
    } catch (error) {
      throw new CoilError('network', `cannot switch IPv6 on for ${ifname}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  });
}
