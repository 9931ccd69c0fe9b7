import { existsSync } from 'node:fs';
import type { Flag, FlagInfo } from './flag.ts';
import { UsageError } from './usage-error.ts';

/** An address to listen at. */
export interface ListenAddress {
  /** IP address or name; empty for all addresses. */
  readonly host: string;
  readonly port: number;
}

/** `HOST:PORT`, or undefined where it is empty. */
export function listenFlag(info: FlagInfo & { readonly default: string }): Flag<ListenAddress | undefined> {
  const read = (text = info.default, name: string) => (text === '' ? undefined : parseListenAddress(name, text));
  return { kind: 'value', ...info, read };
}

/** Reads `HOST:PORT` as Go's net.Listen takes it: `127.0.0.1:9383`, `[::1]:9383`, `:9383`. @throws {UsageError} */
export function parseListenAddress(flag: string, text: string): ListenAddress {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):([0-9]{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65535) {
    throw new UsageError(`${flag} ${JSON.stringify(text)} is not HOST:PORT, such as 127.0.0.1:9383 or [::1]:9383`);
  }
  return { host: match[1] ?? match[2] ?? '', port };
}

/** There is such a file where the kernel has IPv6, even where no interface uses it. */
const IPV6 = '/proc/net/if_inet6';

/** What to bind: without a host, as Go does, all addresses of both families, or of IPv4 where the kernel has no IPv6. */
export function hostToBind({ host }: ListenAddress, hasIpv6: boolean = existsSync(IPV6)): string {
  if (host !== '') return host;
  return hasIpv6 ? '::' : '0.0.0.0';
}
