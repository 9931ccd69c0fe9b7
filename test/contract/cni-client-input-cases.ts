import { ADD, bigNetconf, type ClientCase, error, OK, RESULT } from './cni-client-case.ts';

const TAKES = 'it takes unix:///PATH, or http://HOST:PORT where HOST is an IP address or localhost';

/** What the client itself says of a network configuration. */
export const NETCONF_CASES: readonly ClientCase[] = [
  ...[
    '',
    ' ',
    '[]',
    '"x"',
    'null',
    '{',
    '{}}',
    '{"a":1,}',
    '{a:1}',
    "{'a':1}",
    '{"a":01}',
    '{"a":"\n"}',
    '{"a":"\\x"}',
    '{}\0',
    '\ufeff{}',
    `{"a":${'['.repeat(128)}${']'.repeat(128)}}`,
    // what was read before the fault does not count: the answer is in the default version
    '{"cniVersion":"1.0.0","name":"k8s","type":"coil"} x',
    '{"cniVersion":"1.0.0","name":"k8s","type":"coil"}{}',
    '{"cniVersion":"1.0.0",',
  ].map((text) => ({
    name: `refuses ${JSON.stringify(text.length > 40 ? `${text.slice(0, 12)}…${text.slice(-12)}` : text)} as a network configuration`,
    env: ADD,
    stdin: () => text,
    exitStatus: 1,
    stdout: () =>
      error(
        6,
        'the network configuration on standard input is not a JSON object',
        'it is malformed, or nested deeper than 128',
        '1.1.0',
      ),
  })),
  {
    name: 'refuses a network configuration of more than 512 KiB, and names its size',
    env: ADD,
    stdin: (address) => bigNetconf(address, 512 * 1024 + 4711),
    exitStatus: 1,
    stdout: () => error(7, 'the network configuration is 528999 bytes, more than 524288', undefined, '1.1.0'),
  },
  {
    name: 'refuses a cniVersion that is not text',
    env: ADD,
    stdin: () => '{"cniVersion":1.0}',
    exitStatus: 1,
    stdout: () =>
      error(
        7,
        'cniVersion in the network configuration must be a string of at most 255 printable ASCII characters',
        undefined,
        '1.1.0',
      ),
  },
  ...['9.9.9', '0.3', ',', '', '1.0.0","0'].map((cniVersion) => ({
    name: `answers in 1.1.0 where cniVersion is ${JSON.stringify(cniVersion)}`,
    env: ADD,
    stdin: () => JSON.stringify({ cniVersion, coild: 'x' }),
    exitStatus: 1,
    stdout: () => error(7, 'coild in the network configuration is x', TAKES, '1.1.0'),
  })),
];

/** VERSION, which needs no coild. */
export const VERSION_CASES: readonly ClientCase[] = (
  [
    ['without standard input', '', '1.1.0'],
    ['in the version of the request', '{"cniVersion":"0.3.1","coild":7}', '0.3.1'],
    ['in a version that Coil does not speak', '{"cniVersion":"9\\"9"}', '9"9'],
    ['where the request has no version', '{}', '1.1.0'],
  ] as const
).map(([name, stdin, cniVersion]) => ({
  name: `answers VERSION without coild, ${name}`,
  env: { CNI_COMMAND: 'VERSION' },
  stdin: () => stdin,
  exitStatus: 0,
  stdout: () => ({ cniVersion, supportedVersions: ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] }),
}));

/** What the client itself says of the variables. */
export const ENVIRONMENT_CASES: readonly ClientCase[] = [
  ...[{}, { CNI_COMMAND: '' }].map((env) => ({
    name: `refuses ${JSON.stringify(env)} for an environment`,
    env,
    exitStatus: 1,
    stdout: () => error(4, 'CNI_COMMAND is not set', undefined, '1.1.0'),
  })),
  ...(
    [
      ['add', 'add'],
      ['ADD,DEL', 'ADD,DEL'],
      ['"\\ö', '"\\\ufffd\ufffd'],
      ['x'.repeat(500), 'x'.repeat(64)],
    ] as const
  ).map(([command, shown]) => ({
    name: `refuses the command ${command.slice(0, 20)}`,
    env: { ...ADD, CNI_COMMAND: command },
    exitStatus: 1,
    stdout: () =>
      error(4, `CNI_COMMAND is ${shown}, not one of ADD, DEL, CHECK, STATUS, GC, VERSION`, undefined, '1.1.0'),
  })),
  ...Object.keys(ADD).flatMap((variable) =>
    ['\n', '\r', '\t', '\x7f', '\x01'].map((control) => ({
      name: `refuses ${JSON.stringify(control)} in ${variable}`,
      env: { ...ADD, [variable]: `a${control}b` },
      exitStatus: 1,
      stdout: () => error(4, `${variable} holds a control character, such as a line break`, undefined, '1.1.0'),
    })),
  ),
  {
    name: 'hands over variables of 16 KiB less what else is in a head',
    env: { CNI_COMMAND: 'ADD', CNI_PATH: 'x'.repeat(16128 - 'CNI-Command: ADD\r\nCNI-Path: \r\n'.length) },
    coild: OK,
    exitStatus: 0,
    stdout: () => RESULT,
  },
  {
    name: 'refuses variables that are longer, and names the longest',
    env: { CNI_COMMAND: 'ADD', CNI_PATH: 'x'.repeat(16129 - 'CNI-Command: ADD\r\nCNI-Path: \r\n'.length) },
    exitStatus: 1,
    stdout: () =>
      error(
        4,
        'CNI_PATH is 16099 bytes, too long to hand over',
        'the CNI variables may be 16128 bytes as HTTP headers, and are 16129',
      ),
  },
];
