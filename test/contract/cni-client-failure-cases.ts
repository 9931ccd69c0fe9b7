import { ADD, answer, type ClientCase, error, NETCONF, RESULT } from './cni-client-case.ts';

const OLD = 'coild there may be older than this plugin';
const RUNNING =
  "is coild running on this node? (systemctl status coild, or the coild container of this node's DaemonSet Pod)";
const noAnswer = (why: string) => (address: string) =>
  error(11, `coild did not answer at ${address}`, `${why}; ${RUNNING}`);
const notCoild = (what: string) => (address: string) =>
  error(11, `what answers at ${address} is no coild that this plugin can talk to`, `${what}; ${OLD}`);
const closed = noAnswer('receive: the connection was closed before the answer was complete');
const late = noAnswer('receive: no complete answer within 2 s');

/** coild not there, late, or something else. */
export const FAILURE_CASES: readonly ClientCase[] = [
  {
    name: 'says that there is no socket',
    env: ADD,
    stdin: () => NETCONF('unix:///nonexistent/coild.sock'),
    exitStatus: 1,
    stdout: () => noAnswer('connect: No such file or directory')('unix:///nonexistent/coild.sock'),
  },
  {
    name: 'says that nobody listens, for DEL as well',
    env: { ...ADD, CNI_COMMAND: 'DEL' },
    stdin: () => NETCONF('http://127.0.0.1:1'),
    exitStatus: 1,
    stdout: () => noAnswer('connect: Connection refused')('http://127.0.0.1:1'),
  },
  { name: 'gives up on a coild that hangs', env: ADD, coild: { after: 'hang' }, exitStatus: 1, stdout: late },
  {
    name: 'gives up on a coild that hangs in the middle of its answer',
    env: ADD,
    coild: { send: answer(200, RESULT).slice(0, -5), after: 'hang' },
    exitStatus: 1,
    stdout: late,
  },
  { name: 'refuses no answer at all', env: ADD, coild: { after: 'close' }, exitStatus: 1, stdout: closed },
  {
    name: 'refuses half a head',
    env: ADD,
    coild: { send: 'HTTP/1.1 200 OK\r\nContent-Ty', after: 'close' },
    exitStatus: 1,
    stdout: closed,
  },
  {
    name: 'refuses a body that is shorter than its length',
    env: ADD,
    coild: { send: answer(200, RESULT).slice(0, -5), after: 'close' },
    exitStatus: 1,
    stdout: closed,
  },
  {
    name: "names the status of a version 1 coild's answer",
    env: ADD,
    host: '127.0.0.1',
    coild: { send: answer(404, '{"status":404,"error":"x"}', ['Content-Type: application/json']), after: 'hang' },
    exitStatus: 1,
    stdout: notCoild('HTTP status 404, not application/cni+json'),
  },
  ...['application/cni+jsonx', 'application/cni', ''].map((type) => ({
    name: `refuses an answer of type ${JSON.stringify(type)}`,
    env: ADD,
    coild: { send: answer(200, '{}', [`Content-Type: ${type}`]), after: 'close' } as const,
    exitStatus: 1,
    stdout: notCoild('HTTP status 200, not application/cni+json'),
  })),
  {
    name: 'refuses a Transfer-Encoding, which coild never uses',
    env: ADD,
    coild: {
      send: 'HTTP/1.1 200 OK\r\nContent-Type: application/cni+json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
      after: 'close',
    },
    exitStatus: 1,
    stdout: notCoild('HTTP status 200, in a Transfer-Encoding'),
  },
  {
    name: 'refuses an answer whose length is more than 4 MiB',
    env: ADD,
    coild: {
      send: `HTTP/1.1 200 OK\r\nContent-Type: application/cni+json\r\nContent-Length: ${4 * 1024 * 1024 + 1}\r\n\r\n{`,
      after: 'hang',
    },
    exitStatus: 1,
    stdout: notCoild('HTTP status 200, larger than 4 MiB'),
  },
  {
    name: 'refuses an answer that does not end before 4 MiB',
    env: ADD,
    coild: {
      send: `HTTP/1.1 200 OK\r\nContent-Type: application/cni+json\r\n\r\n${' '.repeat(5 * 1024 * 1024)}`,
      after: 'hang',
    },
    exitStatus: 1,
    stdout: notCoild('HTTP status 200, larger than 4 MiB'),
  },
  ...[
    'SSH-2.0-OpenSSH_9.2\r\n',
    '\0\0\0\0\0\0\0\0\0\0',
    'HTTP/1.1 abc\r\n\r\n',

    `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(40_000)}`,
  ].map((send) => ({
    name: `recognizes that ${JSON.stringify(send.slice(0, 20))} is not HTTP`,
    env: ADD,
    coild: { send, after: 'hang' } as const,
    exitStatus: 1,
    stdout: notCoild('it does not speak HTTP'),
  })),
];
