import type { IpAddress } from '../model/ip-address.ts';
import { AddressFlag } from '../netlink/address-codec.ts';
import { AddressFamily } from '../netlink/address-family.ts';
import type { LinkAddress } from '../netlink/addresses.ts';
import { RouteScope } from '../netlink/route-codec.ts';
import type { Route } from '../netlink/routes.ts';
import { POD_GATEWAY } from './pod-network.ts';

/** Routes of interfaces beside `eth0` come after its own; the link's index, which is unique in the Pod, is added. */
const FURTHER_METRIC = 2048;

/** What one end of the veth pair is to have. */
export interface SideLayout {
  readonly addresses: readonly LinkAddress[];
  /** In an order in which the kernel takes them: a gateway's own route before the one that leads via it. */
  readonly routes: readonly Route[];
}

// Nobody else is on the link: without duplicate address detection, which takes a second, the Pod is reachable at once.
const IPV6_FLAGS = AddressFlag.noDad;

function address(ip: IpAddress, link: number): LinkAddress {
  return ip.family === 4 ? { address: ip.toBytes(), link } : { address: ip.toBytes(), link, flags: IPV6_FLAGS };
}

/** `ip route … ADDRESS dev LINK scope link` */
function linkRoute(ip: IpAddress, link: number): Route {
  const family = ip.family === 4 ? AddressFamily.inet : AddressFamily.inet6;
  return ip.family === 4
    ? { family, destination: ip.toBytes(), link, scope: RouteScope.link }
    : { family, destination: ip.toBytes(), link };
}

/** `ip address add GATEWAY dev LINK`, `ip route add POD dev LINK scope link` */
export function hostLayout(link: number, pod: readonly IpAddress[]): SideLayout {
  return {
    addresses: pod.map(({ family }) => {
      const gateway = address(POD_GATEWAY[family], link);
      // IPv6 knows by itself that fe80::1 is of scope link; fe80::/64 routes would lead to one link of many
      return family === 4
        ? { ...gateway, scope: RouteScope.link }
        : { ...gateway, flags: IPV6_FLAGS | AddressFlag.noPrefixRoute };
    }),
    routes: pod.map((ip) => linkRoute(ip, link)),
  };
}

/**
 * `ip address add POD dev LINK`, `ip route add GATEWAY dev LINK scope link`, `ip route add default via GATEWAY`. All of a
 * Pod's interfaces have the same gateway, so those beside `eth0` have routes of a metric of their own.
 */
export function containerLayout(
  { index: link, ifname }: { readonly index: number; readonly ifname: string },
  pod: readonly IpAddress[],
): SideLayout {
  const metric = ifname === 'eth0' ? {} : { priority: FURTHER_METRIC + link };
  return {
    addresses: pod.map((ip) => address(ip, link)),
    routes: pod.flatMap(({ family }) => {
      const gateway = { ...linkRoute(POD_GATEWAY[family], link), ...metric };
      return [gateway, { family: gateway.family, gateway: POD_GATEWAY[family].toBytes(), link, ...metric }];
    }),
  };
}
