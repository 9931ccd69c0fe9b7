import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { builds, sanitizerMissing } from './build-launcher.ts';
import { asProcess, type CniClient, inProcess } from './cni-client.ts';
import { type ClientCase, NETCONF } from './cni-client-case.ts';
import { CLIENT_CASES } from './cni-client-cases.ts';
import { FakeCoild } from './fake-coild.ts';

const noSanitizer = await sanitizerMissing();
const launcher = await builds.launcher();
const program = [process.execPath, join(import.meta.dirname, 'run-coil.ts')] as const;
const clients: readonly (readonly [string, CniClient])[] = [
  ['launcher/coil.c', asProcess(launcher)],
  ['src/programs/coil.ts', inProcess],
  ...(noSanitizer ? [] : [['launcher/coil.c, sanitized', asProcess(await builds.sanitizedLauncher())] as const]),
];
const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
// A second run of its own for Node's streams on pipes; the rest of the table would tell nothing new.
const AS_PROCESS = CLIENT_CASES.filter(({ name }) => /unchanged|4 MiB with any|longer|no socket/.test(name));

for (const [name, client] of clients) {
  describe(`${name} as a CNI client`, { concurrency: 4 }, () => {
    for (const one of CLIENT_CASES) {
      const skip = one.host === '::1' && !hasIpv6 && 'this machine has no IPv6 loopback address';
      test(one.name, { skip }, () => check(client, one));
    }
    for (const argument of ['--help', '--version', 'version']) {
      test(`says what it is for ${argument}`, async () => {
        const { exitStatus, stdout } = await client({ argv: [argument], env: {}, stdin: '' });
        assert.deepEqual([exitStatus, stdout.toString().slice(0, 30)], [0, 'coil is the CNI plugin of Coil']);
      });
    }
    test('says what it is on standard error where it is run by hand', async () => {
      const { exitStatus, stderr } = await client({ argv: [], env: {}, stdin: '' });
      assert.deepEqual([exitStatus, stderr.slice(0, 30)], [1, 'coil is the CNI plugin of Coil']);
    });
  });
}

describe('src/programs/coil.ts as a process', { concurrency: 2 }, () => {
  for (const one of AS_PROCESS) test(one.name, () => check(asProcess(...program), one));
});

test('the sanitized launcher', { skip: noSanitizer ?? false }, () => assert.equal(clients.length, 3));

async function check(client: CniClient, one: ClientCase): Promise<void> {
  await using coild = await FakeCoild.listen(one.coild ?? { after: 'close' }, one.host);
  const stdin = (one.stdin ?? NETCONF)(coild.address);
  const outcome = await client({ argv: one.argv ?? [], env: one.env, stdin });
  const expected = one.stdout(coild.address);
  const json = !Buffer.isBuffer(expected) && typeof expected === 'object';
  const actual = outcome.stdout.toString();
  if (json) assert.deepEqual(JSON.parse(actual), expected, outcome.stderr);
  else assert.ok(outcome.stdout.equals(Buffer.from(expected)), `printed ${actual.slice(0, 1000)}${outcome.stderr}`);
  assert.equal(outcome.exitStatus, one.exitStatus, outcome.stderr);
  assert.equal(coild.requests.length, one.coild === undefined ? 0 : 1, 'requests that coild got');
  const [request] = coild.requests;
  if (request === undefined) return;
  assert.deepEqual(request.body, Buffer.from(stdin));
  if (one.request?.line) assert.equal(request.line, one.request.line);
  if (one.request?.headers === undefined) return;
  assert.deepEqual(request.headers, { ...one.request.headers, 'Content-Length': `${request.body.length}` });
}
