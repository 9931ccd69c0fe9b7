import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseNetworkConfiguration, textMember } from '../../src/cni/client/network-configuration.ts';
import { builds, sanitizerMissing } from './build-launcher.ts';

const skip = (await sanitizerMissing()) ?? false;
const RUNS = 4000;

const key = fc.constantFrom('cniVersion', 'coild', '\\u0063oild', 'cniVersio\\u006e', 'coil', 'coild ', '', 'a\\"b');
const texts = fc.oneof(
  fc.constantFrom(
    '',
    '1.1.0',
    '\\/',
    '\\u0041',
    '\\u007f',
    '\\u001f',
    '\x7f',
    '\\u00e9',
    '\\ud83d',
    '\\n',
    '\\"',
    'é',
    'x'.repeat(255),
    'x'.repeat(256),
  ),
  fc.string({ maxLength: 5 }),
);
const scalar = fc.oneof(
  texts.map((text) => `"${text}"`),
  fc.double().map(String),
  fc.constantFrom('null', 'true', 'false', '-0', '01', '1.', '.5', '1e5', '1E+', '-', '2e-3', 'nul', '{}', '[]'),
);
const space = fc.constantFrom('', '', '', ' ', '\n\t\r', '\v', '\u00a0');
const netconf = fc
  .array(fc.tuple(key, fc.oneof(scalar, fc.json()), space), { maxLength: 5 })
  .map((members) => `{${members.map(([name, value, gap]) => `${gap}"${name}"${gap}:${gap}${value}${gap}`).join(',')}}`);
const nested = fc
  .integer({ min: 125, max: 130 })
  .map((depth) => `{"a":${'[{"b":'.repeat(depth >> 1)}1${'}]'.repeat(depth >> 1)}}`);
const whole = fc
  .oneof({ weight: 4, arbitrary: netconf }, nested, fc.json(), fc.string())
  .map((text) => Buffer.from(text));
const damaged = fc
  .tuple(whole, fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('"\\{}[],:\0u'))))
  .map(([bytes, place, byte]) => Buffer.from(bytes.map((old, index) => (index === place % bytes.length ? byte : old))));
const cut = fc.tuple(whole, fc.nat()).map(([bytes, place]) => bytes.subarray(0, place % (bytes.length + 1)));
const noise = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));

test('netconf.h takes what JSON.parse takes, reads the same members, and stays in bounds', { skip }, async () => {
  const seed = Date.now() & 0x7fffffff;
  const texts = fc.sample(fc.oneof(whole, damaged, cut, noise), { numRuns: RUNS, seed });
  const verdicts = await scan(texts);
  for (const [index, text] of texts.entries()) {
    assert.equal(verdicts[index], expected(text), `seed ${seed}, ${JSON.stringify(text.toString('latin1'))}`);
  }
  const objects = verdicts.filter((verdict) => verdict !== '-').length;
  assert.ok(objects > RUNS / 10 && objects < (RUNS * 9) / 10, `${objects} of ${RUNS} texts were objects`);
});

test('netconf.h takes time in proportion to the text, and no more stack for what is nested too deep', {
  skip,
}, async () => {
  const size = 512 * 1024;
  const deep = Buffer.alloc(size, '[');
  deep.write('{"a":');
  const keys = Buffer.from(`{${`"${'\\u0041'.repeat(300)}":1,`.repeat(280)}"coild":"x"}`);
  assert.deepEqual(await scan([deep, Buffer.alloc(size, '{"":'), keys]), ['-', '-', 'A\tGx\t']);
});

async function scan(texts: readonly Buffer[]): Promise<string[]> {
  const input = texts.flatMap((text) => [Buffer.from(Uint32Array.of(text.length).buffer), text]);
  const options = { input: Buffer.concat(input), timeout: 20_000, maxBuffer: 64 * 1024 * 1024 };
  const lines = execFileSync(await builds.netconfScanner(), options)
    .toString('latin1')
    .split('\n');
  assert.equal(lines.pop(), '');
  return lines;
}

function expected(text: Buffer): string {
  try {
    const found = parseNetworkConfiguration(text);
    return (['cniVersion', 'coild'] as const).map((name) => `${member(() => textMember(found, name))}\t`).join('');
  } catch {
    return '-';
  }
}

function member(read: () => string | undefined): string {
  try {
    const text = read();
    return text === undefined ? 'A' : `G${text}`;
  } catch {
    return 'U';
  }
}
