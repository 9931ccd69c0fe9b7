import { ADD, answer, type ClientCase, NETCONF } from '../contract/cni-client-case.ts';
import { CLIENT_CASES } from '../contract/cni-client-cases.ts';
import { DEL, SPOOL_CASES } from '../contract/cni-client-spool-cases.ts';

const VARIABLES = ['CNI_COMMAND', 'CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME', 'CNI_ARGS', 'CNI_PATH'];
const END_OF_INPUT = Buffer.of(0xff, 0xfe);
/** Larger ones are the fuzzer's to make, by its factors. */
const MAX_SEED = 20 * 1024;
/** Of test/fuzz/launcher.c. */
const SWITCH = { noConnect: 1, hangs: 2, smallReads: 8, unset: 32 } as const;
const FACTOR = {
  inputFilled: 1 << 2,
  inputOverfilled: 2 << 2,
  inputTimes70000: 7 << 2,
  answerTimes70000: 7 << 5,
} as const;

type Seed = Pick<ClientCase, 'env' | 'stdin' | 'coild'> & { readonly switches?: number; readonly factors?: number };

const full = { CNI_COMMAND: 'ADD', CNI_PATH: 'x'.repeat(16_128 - 'CNI-Command: ADD\r\nCNI-Path: \r\n'.length) };
const LIMITS: readonly Seed[] = [
  { env: full, factors: FACTOR.inputFilled },
  { env: { ...full, CNI_PATH: 'x'.repeat(16_300) }, factors: FACTOR.inputFilled },
  { env: ADD, factors: FACTOR.inputOverfilled, switches: SWITCH.smallReads },
  { env: ADD, stdin: () => '{"a":[', factors: FACTOR.inputTimes70000 },
  {
    env: ADD,
    coild: { send: answer(200, ' ').replace(/Content-Length.*\r\n/, ''), after: 'close' },
    factors: FACTOR.answerTimes70000,
  },
  ...['http://', 'http://[', 'http://127.0.0.1:', 'unix:///'].map((start) => ({
    env: ADD,
    stdin: () => NETCONF(start + '1'.repeat(255 - start.length)),
  })),
];

/** What the fuzzer of the launcher begins with: the cases of the contract, in the form of test/fuzz/launcher.c. */
export function launcherSeeds(): readonly Buffer[] {
  const spoolCases = SPOOL_CASES.map(({ env = DEL, stdin = NETCONF, coild }) => ({
    env,
    stdin,
    ...(typeof coild === 'object' ? { coild } : {}),
  }));
  const seeds = [...CLIENT_CASES, ...spoolCases, ...LIMITS].map(encode);
  return seeds.filter((seed) => seed.length <= MAX_SEED);
}

function encode({ env, stdin = NETCONF, coild, switches: further = 0, factors = 0 }: Seed): Buffer {
  const switches =
    further |
    SWITCH.unset |
    (coild === undefined ? SWITCH.noConnect : 0) |
    (coild?.after === 'hang' ? SWITCH.hangs : 0);
  return Buffer.concat([
    Buffer.of(switches, factors),
    ...VARIABLES.map((name) => Buffer.from(`${env[name] ?? ''}\0`)),
    Buffer.from(stdin('unix:///run/coil/coild.sock')),
    END_OF_INPUT,
    Buffer.from(coild?.send ?? ''),
  ]);
}
