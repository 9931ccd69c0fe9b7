import type { Sandbox } from './sandbox.ts';

/** Bytes that come to coild's socket, and the status of its answer. */
export interface RawCase {
  readonly name: string;
  readonly bytes: (sandbox: Sandbox) => string;
  readonly status: number;
  /** What the failure says. */
  readonly says: RegExp;
}

const NETCONF = JSON.stringify({ cniVersion: '1.1.0', name: 'k8s', type: 'coil' });

interface Parts {
  readonly line?: string;
  readonly headers?: readonly string[];
  readonly body?: string;
}

/** An ADD that would succeed, but for what is given. */
function add({ netns, containerId }: Sandbox, { line = 'POST /cni HTTP/1.1', headers = [], body = NETCONF }: Parts) {
  const names = new Set(headers.map((header) => header.split(':')[0]));
  const usual = [
    'Host: coild',
    'Connection: close',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'CNI-Command: ADD',
    `CNI-Containerid: ${containerId}`,
    `CNI-Netns: ${netns.path}`,
    'CNI-Ifname: eth0',
    'CNI-Args: K8S_POD_NAMESPACE=ns;K8S_POD_NAME=raw',
  ].filter((header) => !names.has(header.split(':')[0]));
  return `${[line, ...usual, ...headers].join('\r\n')}\r\n\r\n${body}`;
}

const malformed = (name: string, parts: Parts, status = 400, says = /malformed HTTP/): RawCase => ({
  name,
  bytes: (sandbox) => add(sandbox, parts),
  status,
  says,
});

/** What no client of ours sends, and nobody may get through. */
export const RAW_CASES: readonly RawCase[] = [
  malformed('a bare CR in a header', { headers: ['CNI-Ifname: eth0\rCNI-Netns: /x'] }),
  malformed('a bare LF in a header', { headers: ['CNI-Ifname: eth0\nCNI-Netns /x'] }),
  malformed('a NUL in a header', { headers: ['CNI-Ifname: eth\u00000'] }),
  malformed('a control character in a header', { headers: ['CNI-Ifname: eth\u00010'] }),
  malformed('a header without a name', { headers: [': x'] }),
  malformed('a space before the colon', { headers: ['CNI-Ifname : eth0'] }),
  malformed('headers of 40 KiB', { headers: [`CNI-Args: A=${'x'.repeat(40 * 1024)}`] }, 431, /headers are too large/),
  malformed('two lengths', { headers: ['Content-Length: 3', 'Content-Length: 70'] }),
  malformed('a length and a transfer encoding', { headers: ['Transfer-Encoding: chunked', 'Content-Length: 3'] }),
  malformed('a method that is none', { line: 'ADD /cni HTTP/1.1' }),
  malformed('no HTTP at all', { line: 'hello' }),
  malformed('another version of HTTP', { line: 'POST /cni HTTP/9.9' }),
  // a line that goes on in the next one (obs-fold, RFC 9112, section 5.2) is one value with what is there
  malformed('a folded header', { headers: ['CNI-Ifname: eth0\r\n CNI-Netns: /x'] }, 400, /CNI_IFNAME|malformed/),
  malformed('a repeated header', { headers: ['CNI-Ifname: eth0', 'CNI-Ifname: eth1'] }, 400, /CNI_IFNAME/),
  malformed('a body that is not JSON', { body: '{"cniVersion":"1.1.0",' }, 400, /network configuration is not JSON/),
  malformed('no body', { body: '' }, 400, /network configuration is not JSON/),
  malformed(
    'a cniVersion that is nested deeply',
    { body: `{"cniVersion":${'['.repeat(200_000)}${']'.repeat(200_000)}}` },
    400,
    /cniVersion .{1,400} is not supported/,
  ),
  malformed(
    'a name that is nested deeply',
    { body: `{"cniVersion":"1.1.0","name":${'['.repeat(200_000)}${']'.repeat(200_000)}}` },
    400,
    /name .{1,400} is not a network's name/,
  ),
  malformed(
    'a capability that is nested deeply',
    {
      body: `{"cniVersion":"1.1.0","name":"k8s","runtimeConfig":{"mac":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}}`,
    },
    400,
    /runtimeConfig.mac is not supported/,
  ),
];
