import { hash } from 'node:crypto';

/**
 * Name of the host-side end of a Pod's veth pair: `veth` and the first 11 hex digits of sha1("NAMESPACE.POD"). This is
 * Calico's naming, so that its policy agent finds the link, and v1's. An interface other than `eth0` is in the hash, after
 * a character that no name of a Pod has: Pod `web` and its `net1` are not Pod `web.net1`.
 */
export function hostIfname(namespace: string, pod: string, ifname: string): string {
  const name = ifname === 'eth0' ? `${namespace}.${pod}` : `${namespace}.${pod}/${ifname}`;
  return `veth${hash('sha1', name).slice(0, 11)}`;
}

/** Whether it is such a name. */
export function isHostIfname(name: string): boolean {
  return /^veth[0-9a-f]{11}$/.test(name);
}
