import type { CoildScript, RecordedRequest } from './fake-coild.ts';

/** What a client of coild prints and does, given what it is started with and what coild does. */
export interface ClientCase {
  readonly name: string;
  readonly argv?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Standard input; by default the network configuration NETCONF with coild's address. */
  readonly stdin?: (address: string) => string | Buffer;
  /** What coild does; by default it must not be asked. */
  readonly coild?: CoildScript;
  /** Where it listens: by default on a Unix socket. */
  readonly host?: '127.0.0.1' | '::1';
  readonly exitStatus: number;
  /** Standard output: text or bytes as they are, or an object, as JSON. */
  readonly stdout: (address: string) => string | Buffer | object;
  /** What coild must have been sent; by default it is only checked that it was asked once where it is there. */
  readonly request?: Partial<RecordedRequest>;
}

/** The variables of an ADD, all set. */
export const ADD = {
  CNI_COMMAND: 'ADD',
  CNI_CONTAINERID: 'c0ffee',
  CNI_NETNS: '/run/netns/pod',
  CNI_IFNAME: 'eth0',
  CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-0',
  CNI_PATH: '/opt/cni/bin',
};

/** A result with spaces that printing it anew would lose. */
export const RESULT = '{ "cniVersion": "1.0.0",\n  "ips": [] }\n';

/** A network configuration that names coild's address. */
export const NETCONF = (address: string) =>
  JSON.stringify({ cniVersion: '1.0.0', name: 'k8s', type: 'coil', coild: address });

/** An answer as coild gives it. */
export function answer(status: number, body: string, headers: readonly string[] = []): string {
  const type = headers.some((header) => header.startsWith('Content-Type'))
    ? []
    : ['Content-Type: application/cni+json'];
  const head = [`HTTP/1.1 ${status} Word`, ...type, ...headers, `Content-Length: ${Buffer.byteLength(body)}`];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

/** A CNI error as it is printed. */
export const error = (code: number, msg: string, details?: string, cniVersion = '1.0.0') => ({
  cniVersion,
  code,
  msg,
  ...(details === undefined ? {} : { details }),
});

/** A coild that answers ADD with RESULT. */
export const OK: CoildScript = { send: answer(200, RESULT), after: 'close' };

/** A network configuration of `size` bytes, most of which are not UTF-8. */
export function bigNetconf(address: string, size: number): Buffer {
  const start = Buffer.from(`{"cniVersion":"1.0.0","coild":"${address}","pad":"`);
  const end = Buffer.from('"}');
  return Buffer.concat([start, Buffer.alloc(size - start.length - end.length, 0xfe), end]);
}
