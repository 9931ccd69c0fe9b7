import { readFileSync } from 'node:fs';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { CoilError } from '../../model/error.ts';

/** Where etcd is, and how to talk to it. The names of v1's flags are in the errors. */
export interface EtcdConfig {
  /**
   * `http://HOST:PORT` or `https://HOST:PORT` each, tried in turn; without a scheme it is https where a CA or a
   * certificate is configured, and else http.
   */
  readonly endpoints: readonly string[];
  /** Of every key, to the letter, as v1 takes it: `/coil` makes keys such as `/coilpool/default`. Default `/coil/`. */
  readonly prefix?: string;
  /** How long an endpoint may take to be connected before the next one is tried. Default 2000. */
  readonly dialTimeoutMs?: number;
  /** How long one request may take, dialling included. Default 5000, or 3000 more than `dialTimeoutMs` if that is longer. */
  readonly requestTimeoutMs?: number;
  /** A connection that says nothing for so long is asked for a sign of life. Default 10000; etcd refuses < 5000. */
  readonly keepaliveMs?: number;
  readonly username?: string;
  readonly password?: string;
  /** PEM, or the name of a file with it, as the two below. Default: the roots that the host trusts, and Node's. */
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

export interface EtcdEndpoint {
  /** As it stands in messages. */
  readonly url: string;
  readonly tls: boolean;
}

/** As Node's TLS takes them. */
export interface TlsCredentials {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** @throws {CoilError} invalid-argument */
export function parseEndpoints(config: Pick<EtcdConfig, 'endpoints' | 'tlsCa' | 'tlsCert'>): readonly EtcdEndpoint[] {
  const { endpoints, tlsCa, tlsCert } = config;
  // as v1, whose client never sends in the open what was meant for TLS
  const scheme = tlsCa === undefined && tlsCert === undefined ? 'http' : 'https';
  if (endpoints.length === 0) throw new CoilError('invalid-argument', 'etcd-endpoints is empty');
  return endpoints.map((text) => {
    const url = URL.parse(/^[a-z]+:\/\//.test(text) ? text : `${scheme}://${text}`);
    const known = url?.protocol === 'http:' || url?.protocol === 'https:';
    if (!url?.hostname || !known || url.pathname.length > 1 || text.includes('@'))
      throw new CoilError('invalid-argument', `etcd-endpoints: ${JSON.stringify(text)} is not a URL of etcd`);
    // the port of etcd, where the text has none; not that of the scheme
    const port = /:(\d+)\/?$/.exec(text)?.[1] ?? '2379';
    return { url: `${url.protocol}//${url.hostname}:${port}`, tls: url.protocol === 'https:' };
  });
}

/** Reads certificates and key. @throws {CoilError} invalid-argument that names the flag and the file */
export function readTlsCredentials(config: EtcdConfig): TlsCredentials {
  const { tlsCa, tlsCert, tlsKey } = config;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new CoilError('invalid-argument', 'etcd-tls-cert and etcd-tls-key go together: one of them is missing');
  }
  const ca = tlsCa ? { ca: readPem('etcd-tls-ca', tlsCa) } : {};
  if (tlsCert === undefined || tlsKey === undefined) return ca;
  return { ...ca, cert: readPem('etcd-tls-cert', tlsCert), key: readPem('etcd-tls-key', tlsKey) };
}

/**
 * Reads certificates and key now; what it gives makes of them, once, what connections need: that takes milliseconds
 * that only TLS is worth. @throws {CoilError} invalid-argument
 */
export function createTlsContext(config: EtcdConfig): () => SecureContext {
  const credentials = readTlsCredentials(config);
  let context: SecureContext | undefined;
  return () => {
    try {
      context ??= createSecureContext({ ...credentials, ca: credentials.ca ?? trustedRoots() });
      return context;
    } catch (cause) {
      const flags = 'etcd-tls-ca, etcd-tls-cert, etcd-tls-key';
      throw new CoilError('invalid-argument', `${flags}: ${(cause as Error).message}`, { cause });
    }
  };
}

/** As v1, which trusted the host's; and those of Node, since an image may have none. */
function trustedRoots(): string[] {
  return [...getCACertificates('default'), ...getCACertificates('system')];
}

function readPem(flag: string, text: string): Buffer {
  if (text.includes('-----BEGIN ')) return Buffer.from(text);
  let contents: Buffer;
  try {
    contents = readFileSync(text);
  } catch (cause) {
    throw new CoilError('invalid-argument', `${flag}: cannot read ${text}: ${(cause as Error).message}`, { cause });
  }
  if (!contents.includes('-----BEGIN ')) throw new CoilError('invalid-argument', `${flag}: ${text} is not PEM`);
  return contents;
}
