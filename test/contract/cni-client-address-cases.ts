import { ADD, type ClientCase, error, NETCONF, OK, RESULT } from './cni-client-case.ts';

const TAKES = 'it takes unix:///PATH, or http://HOST:PORT where HOST is an IP address or localhost';

/** Where coild is looked for. */
export const ADDRESS_CASES: readonly ClientCase[] = [
  { name: 'reaches coild over TCP', env: ADD, host: '127.0.0.1', coild: OK, exitStatus: 0, stdout: () => RESULT },
  { name: 'reaches coild over IPv6', env: ADD, host: '::1', coild: OK, exitStatus: 0, stdout: () => RESULT },
  {
    name: 'takes localhost for 127.0.0.1, and a slash at the end',
    env: ADD,
    host: '127.0.0.1',
    stdin: (address) => NETCONF(`${address.replace('127.0.0.1', 'localhost')}/`),
    coild: OK,
    exitStatus: 0,
    stdout: () => RESULT,
  },
  {
    name: 'takes the last of two members, and escapes in names and text',
    env: ADD,
    stdin: (address) => `{"coild":7,"\\u0063oild":"${address.replaceAll('/', '\\/').replace('unix', '\\u0075nix')}"}`,
    coild: OK,
    exitStatus: 0,
    stdout: () => RESULT,
  },
  ...[
    'coild',
    'unix://relative',
    'unix:///',
    `unix:///${'x'.repeat(107)}`,
    'https://127.0.0.1:9383',
    'http://coild.example:9383',
    'http://127.0.0.1:0',
    'http://127.0.0.1:65536',
    'http://127.0.0.1:99999999999999999999999',
    'http://127.0.0.1: 80',
    'http://127.0.0.1:080',
    'http://127.0.0.1:',
    'http://127.0.0.01:80',
    'http://127.0.0.1:80//',
    'http://127.0.0.1:80/cni',
    'http://[::1',
    'http://[127.0.0.1]:80',
    'http://[fe80::1%lo]:80',
    'http://::1:80',
    'http://[]',
    'http://',
    'http://user@127.0.0.1',
    'a "quoted" \\ value',
  ].map((value) => ({
    name: `refuses ${value.slice(0, 40)} as coild's address`,
    env: ADD,
    stdin: () => NETCONF(value),
    exitStatus: 1,
    stdout: () => error(7, `coild in the network configuration is ${value}`, TAKES),
  })),
  ...['7', 'null', '{"a":1}', '"\\n"', '"\\u00e9"', '"é"', '"\\u0000"', `"${'x'.repeat(256)}"`].map((json) => ({
    name: `refuses ${json.slice(0, 20)} for coild's address`,
    env: ADD,
    stdin: () => `{"cniVersion":"0.3.1","coild":${json}}`,
    exitStatus: 1,
    stdout: () =>
      error(
        7,
        'coild in the network configuration must be a string of at most 255 printable ASCII characters',
        undefined,
        '0.3.1',
      ),
  })),
];
