import { isIPv4, isIPv6 } from 'node:net';
import { CNI_CODE, CniError } from '../cni-error.ts';

/** Where coild listens where the network configuration does not say: the Unix socket of the node's coild. */
export const DEFAULT_COILD_ADDRESS = 'unix:///run/coil/coild.sock';

/** sockaddr_un has 108 bytes for the path and the NUL behind it (unix(7)). */
const MAX_SOCKET_PATH = 107;
const DEFAULT_PORT = 80;
const HTTP = /^http:\/\/(?:\[([^\]]*)\]|([^:/]*))(?::([1-9][0-9]*))?\/?$/;

/** How node:http reaches coild. */
export type CoildTarget = { readonly socketPath: string } | { readonly host: string; readonly port: number };

export interface CoildAddress {
  /** As it was given, for messages. */
  readonly text: string;
  readonly target: CoildTarget;
}

/**
 * Reads the member `coild` of a network configuration: `unix:///PATH`, or `http://HOST[:PORT][/]` where HOST is a
 * literal address (IPv6 in brackets) or `localhost`, which is 127.0.0.1. No name is looked up, since a plugin must not
 * wait for DNS. Empty is the default.
 *
 * @throws {CniError} invalidNetworkConfig
 */
export function parseCoildAddress(value: string): CoildAddress {
  const text = value === '' ? DEFAULT_COILD_ADDRESS : value;
  const target = parseUnix(text) ?? parseHttp(text);
  if (target !== undefined) return { text, target };
  throw new CniError(
    CNI_CODE.invalidNetworkConfig,
    `coild in the network configuration is ${text}`,
    'it takes unix:///PATH, or http://HOST:PORT where HOST is an IP address or localhost',
  );
}

function parseUnix(text: string): CoildTarget | undefined {
  if (!text.startsWith('unix:///')) return undefined;
  const socketPath = text.slice('unix://'.length);
  return socketPath !== '/' && Buffer.byteLength(socketPath) <= MAX_SOCKET_PATH ? { socketPath } : undefined;
}

function parseHttp(text: string): CoildTarget | undefined {
  const match = HTTP.exec(text);
  if (match === null) return undefined;
  const [, ipv6, name, digits] = match;
  const port = digits === undefined ? DEFAULT_PORT : Number(digits);
  const host = name === 'localhost' ? '127.0.0.1' : (name ?? ipv6 ?? '');
  // isIPv6 takes a zone (fe80::1%eth0), which is no part of a literal address in a URL as we take it.
  const literal = ipv6 === undefined ? isIPv4(host) : isIPv6(host) && !host.includes('%');
  return literal && port <= 65535 ? { host, port } : undefined;
}
