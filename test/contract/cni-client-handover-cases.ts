import { ADD, answer, bigNetconf, type ClientCase, OK, RESULT } from './cni-client-case.ts';

/** What is handed over, and what comes back. */
export const HANDOVER_CASES: readonly ClientCase[] = [
  {
    name: 'hands the variables and the network configuration over unchanged, and prints the result unchanged',
    env: ADD,
    coild: OK,
    exitStatus: 0,
    stdout: () => RESULT,
    request: {
      line: 'POST /cni HTTP/1.1',
      headers: {
        Host: 'coild',
        'Content-Type': 'application/json',
        Connection: 'close',
        'CNI-Command': 'ADD',
        'CNI-Containerid': 'c0ffee',
        'CNI-Netns': '/run/netns/pod',
        'CNI-Ifname': 'eth0',
        'CNI-Args': 'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-0',
        'CNI-Path': '/opt/cni/bin',
      },
    },
  },
  {
    name: 'sends a variable that is empty, leaves out one that is not set, and sends UTF-8 as its bytes',
    env: { CNI_COMMAND: 'DEL', CNI_NETNS: '', CNI_ARGS: 'K8S_POD_NAME=pöd', OTHER: 'x' },
    coild: { send: answer(200, ''), after: 'close' },
    exitStatus: 0,
    stdout: () => '',
    request: {
      headers: {
        Host: 'coild',
        'Content-Type': 'application/json',
        Connection: 'close',
        'CNI-Command': 'DEL',
        'CNI-Netns': '',
        'CNI-Args': Buffer.from('K8S_POD_NAME=pöd').toString('latin1'),
      },
    },
  },
  {
    name: 'sends a network configuration of many bytes, not all of them UTF-8, as it is',
    env: ADD,
    stdin: (address) => bigNetconf(address, 512 * 1024),
    coild: OK,
    exitStatus: 0,
    stdout: () => RESULT,
  },
  ...(['STATUS', 'CHECK', 'GC'] as const).map((command) => ({
    name: `hands ${command} over`,
    env: { CNI_COMMAND: command, CNI_PATH: '/opt/cni/bin' },
    coild: { send: answer(200, ''), after: 'hang' } as const,
    exitStatus: 0,
    stdout: () => '',
  })),
  {
    name: "prints coild's error, and exits with 1",
    env: ADD,
    coild: { send: answer(503, '{"cniVersion":"1.0.0","code":50,"msg":"no"}'), after: 'close' },
    exitStatus: 1,
    stdout: () => '{"cniVersion":"1.0.0","code":50,"msg":"no"}',
  },
  {
    name: 'reads to the end of the connection where the answer has no length',
    env: ADD,
    coild: {
      send: `HTTP/1.1 200 OK\r\ncontent-type: Application/CNI+JSON; charset=utf-8\r\n\r\n${RESULT}`,
      after: 'close',
    },
    exitStatus: 0,
    stdout: () => RESULT,
  },
  {
    name: 'prints an answer of nearly 4 MiB with any bytes in it',
    env: ADD,
    coild: { send: bigAnswer(4 * 1024 * 1024), after: 'hang' },
    exitStatus: 0,
    stdout: () => Buffer.alloc(4 * 1024 * 1024, '\0\xff"', 'latin1'),
  },
];

function bigAnswer(size: number): Buffer {
  const body = Buffer.alloc(size, '\0\xff"', 'latin1');
  return Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: application/cni+json\r\nContent-Length: ${size}\r\n\r\n`),
    body,
  ]);
}
