import type { IpAddress } from '../model/ip-address.ts';
import { IpPrefix } from '../model/ip-prefix.ts';
import type { AttachedLinks } from '../podnet/pod-network.ts';
import { POD_GATEWAY } from '../podnet/pod-network.ts';
import type { CniVersion } from './versions.ts';

export interface AttachResult {
  readonly netns: string;
  readonly links: AttachedLinks;
  readonly addresses: readonly IpAddress[];
}

const DEFAULT_ROUTE = { 4: '0.0.0.0/0', 6: '::/0' } as const;

/** The success result of ADD in the version that was asked for (CNI SPEC.md 1.1.0, section 5 "ADD Success"). */
export function formatAddResult(cniVersion: CniVersion, { netns, links, addresses }: AttachResult): object {
  const before100 = cniVersion.startsWith('0.');
  const interfaces = [
    { ...links.host, sandbox: undefined },
    { ...links.container, sandbox: netns },
  ].map(({ name, mac, mtu, sandbox }) => ({
    name,
    mac,
    ...(cniVersion === '1.1.0' ? { mtu } : {}),
    ...(sandbox === undefined ? {} : { sandbox }),
  }));
  return {
    cniVersion,
    interfaces,
    ips: addresses.map((address) => ({
      ...(before100 ? { version: String(address.family) } : {}),
      interface: 1,
      address: IpPrefix.ofAddress(address).toString(),
      gateway: POD_GATEWAY[address.family].toString(),
    })),
    routes: addresses.map(({ family }) => ({ dst: DEFAULT_ROUTE[family], gw: POD_GATEWAY[family].toString() })),
    dns: {},
  };
}
