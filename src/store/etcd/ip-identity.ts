import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import type { ConnectionPool } from 'etcd3/lib/connection-pool.js';

/**
 * What an endpoint that is an IP address sends as the server's name: an address is no name (RFC 6066 section 3), and
 * Node 26 refuses it, but grpc-js 1.14 would send it. etcd has one certificate, and does not look at the name.
 */
const SERVER_NAME = 'etcd';

/** Channel options for `hostname`. */
export function serverNameOptions(hostname: string): Readonly<Record<string, string>> {
  return isIP(bare(hostname)) ? { 'grpc.ssl_target_name_override': SERVER_NAME } : {};
}

/** Has the certificate of an endpoint that is an IP address checked for that address, not for the name sent. */
export function checkIpIdentity(pool: ConnectionPool, hostname: string): void {
  const address = bare(hostname);
  if (!isIP(address)) return;
  // etcd3 hands no verifyOptions on to grpc-js; its credentials take them until they are first used
  const { hosts } = pool as unknown as {
    hosts: readonly { channelCredentials: { verifyOptions: VerifyOptions } }[];
  };
  for (const { channelCredentials } of hosts) {
    channelCredentials.verifyOptions = {
      ...channelCredentials.verifyOptions,
      checkServerIdentity: (_name, certificate) => checkServerIdentity(address, certificate),
    };
  }
}

interface VerifyOptions {
  readonly checkServerIdentity?: (name: string, certificate: PeerCertificate) => Error | undefined;
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}
