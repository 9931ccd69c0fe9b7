import fc from 'fast-check';
import { mutated } from './mutated.ts';

// What any process that reaches coild's socket may send.

/** The only namespace that there is. */
export const NETNS = '/run/netns/pod';
const NETCONF = '{"cniVersion":"1.1.0","name":"k8s","type":"coil"}';

const odd = fc.oneof(
  fc.constantFrom(
    '',
    '/',
    '..',
    '../../etc/passwd',
    '.',
    '%00',
    'a/b',
    'é',
    '\u{1F4A3}',
    '-',
    '__proto__',
    'x'.repeat(5_000),
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const containerId = fc.oneof(fc.constantFrom('c0', 'c1', 'c2', 'c3'), odd);
const name = fc.oneof(fc.constantFrom('default', 'web-0', 'web-1'), odd);
const ifname = fc.oneof(fc.constantFrom('eth0', 'net1'), odd);
const json = fc.oneof(
  fc.json(),
  fc.constantFrom('{}', '[]', '{"__proto__":{}}', `${'['.repeat(5_000)}`, '{"a":1,"a":2}', '', '\0', '"'),
);
const args = fc.oneof(
  fc.tuple(name, name).map(([namespace, pod]) => `IgnoreUnknown=1;K8S_POD_NAMESPACE=${namespace};K8S_POD_NAME=${pod}`),
  odd,
);
const netconf = fc.oneof(
  { weight: 2, arbitrary: fc.constant(NETCONF) },
  json,
  fc
    .tuple(fc.constantFrom('0.3.1', '1.0.0', '9', ''), json, json)
    .map(
      ([version, prev, runtime]) =>
        `{"cniVersion":"${version}","name":"k8s","prevResult":${prev},"runtimeConfig":${runtime}}`,
    ),
);
const headerText = (value: string) => Buffer.from(value.replaceAll(/[\r\n\0]/g, '')).toString('latin1');
/** A whole one, after which the connection is to be closed. */
export const request = (line: string, headers: readonly (readonly [string, string])[], body: string) => {
  const fields = headers.map(([field, value]) => `${field}: ${headerText(value)}\r\n`).join('');
  const length = `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  const head = `${line} HTTP/1.1\r\nHost: coild\r\nConnection: close\r\n${fields}${length}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)]);
};
type Call = readonly [command: string, containerId: string, ifname: string, args: string, netconf: string];
const cniRequest = ([command, id, link, cniArgs, body]: Call) =>
  request(
    'POST /cni',
    [
      ['CNI-Command', command],
      ['CNI-Containerid', id],
      ['CNI-Ifname', link],
      ['CNI-Netns', NETNS],
      ['CNI-Args', cniArgs],
    ],
    body,
  );
const cni = fc
  .tuple(fc.constantFrom('ADD', 'DEL', 'CHECK', 'STATUS', 'GC', 'VERSION', 'x'), containerId, ifname, args, netconf)
  .map(cniRequest);
/** What there is nothing wrong with. */
const sound = fc
  .tuple(fc.constantFrom('ADD', 'ADD', 'DEL'), fc.constantFrom('0', '1'), fc.constantFrom('eth0', 'net1'))
  .map(([command, number, link]): Call => {
    const pod = `K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-${number}`;
    return [command, `c${number}`, link, pod, NETCONF];
  })
  .map(cniRequest);
const newIp = fc.oneof(
  fc
    .tuple(name, name, containerId, fc.constantFrom('ipv4', 'ipv6', 'x', ''))
    .map(([namespace, pod, id, type]) =>
      JSON.stringify({ 'pod-namespace': namespace, 'pod-name': pod, 'container-id': id, 'address-type': type }),
    ),
  json,
);
const path = fc.oneof(
  fc
    .tuple(name, name, containerId)
    .map((parts) => `/ip/${parts.map((part) => encodeURIComponent(part.toWellFormed())).join('/')}`),
  fc.constantFrom(
    '/ip',
    '/ip/',
    '/status',
    '/healthz',
    '/readyz',
    '/',
    '//',
    '/ip/%',
    '/ip/%ff/%00/%2f',
    '/ip?x=y',
    '*',
  ),
  odd.map((text) => `/${headerText(text).replaceAll(' ', '')}`),
);
const rest = fc
  .tuple(fc.constantFrom('GET', 'POST', 'DELETE', 'PUT', 'HEAD', 'OPTIONS', 'CONNECT', 'x'), path, newIp)
  .map(([method, target, body]) => request(`${method} ${target}`, [['Content-Type', 'application/json']], body));
const words = [
  '\r\n',
  '\r\n\r\n',
  'Content-Length: 99999999999\r\n',
  'Transfer-Encoding: chunked\r\n',
  ': ',
  '\0',
  '0\r\n\r\n',
];
const anything = fc.oneof(
  cni,
  rest,
  { weight: 2, arbitrary: sound },
  mutated(fc.oneof(cni, rest, sound), words),
  mutated(fc.constant(Buffer.alloc(0)), words),
);
/** At the same time, some of them more than once, as by a runtime that does not wait for the answer. */
export const together = fc
  .array(fc.tuple(anything, fc.constantFrom(1, 2, 8)), { minLength: 1, maxLength: 8 })
  .map((several) => several.flatMap(([one, times]) => Array<Buffer>(times).fill(one)));
