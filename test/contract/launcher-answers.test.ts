import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { builds, sanitizerMissing } from './build-launcher.ts';
import { asProcess } from './cni-client.ts';
import { answer, NETCONF } from './cni-client-case.ts';
import { FakeCoild } from './fake-coild.ts';

const skip = (await sanitizerMissing()) ?? false;
const RUNS = 60;

const sound = fc.constantFrom(
  answer(200, '{"cniVersion":"1.0.0"}'),
  answer(503, '{"code":11}', ['X-A: b', 'content-type:application/cni+json ;a=b']),
  'HTTP/1.0 200 \r\nContent-Type: application/cni+json\r\n\r\n{}',
);
const damage = fc.array(fc.tuple(fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('\r\n\0: 9')))), {
  minLength: 1,
  maxLength: 4,
});
const answers = fc.tuple(sound, damage, fc.nat()).map(([text, changes, end]) => {
  const bytes = Buffer.from(text);
  for (const [place, byte] of changes) bytes[place % bytes.length] = byte;
  return bytes.subarray(0, end % 3 === 0 ? end % bytes.length : bytes.length);
});

test('the launcher stays in bounds whatever answers, and prints the body or a CNI error', { skip }, async () => {
  const client = asProcess(await builds.sanitizedLauncher());
  const seed = Date.now() & 0x7fffffff;
  for (const send of fc.sample(answers, { numRuns: RUNS, seed })) {
    await using coild = await FakeCoild.listen({ send, after: 'close' });
    const outcome = await client({ argv: [], env: { CNI_COMMAND: 'ADD' }, stdin: NETCONF(coild.address) });
    const told = `seed ${seed}, ${JSON.stringify(send.toString('latin1'))}: ${outcome.stdout}${outcome.stderr}`;
    assert.equal(outcome.stderr, '', told);
    if (send.includes(outcome.stdout)) continue;
    assert.equal(outcome.exitStatus, 1, told);
    assert.equal(JSON.parse(outcome.stdout.toString()).code, 11, told);
  }
});
