import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { builds, sanitizerMissing } from './build-launcher.ts';
import { asProcess, type CniClient, inProcess } from './cni-client.ts';
import { NETCONF } from './cni-client-case.ts';
import { DEL, SPOOL_CASES, type SpoolCase } from './cni-client-spool-cases.ts';
import { FakeCoild } from './fake-coild.ts';

const clients: readonly (readonly [string, CniClient])[] = [
  ['launcher/coil.c', asProcess(await builds.launcher())],
  ['src/programs/coil.ts', inProcess],
  ...((await sanitizerMissing())
    ? []
    : [['launcher/coil.c, sanitized', asProcess(await builds.sanitizedLauncher())] as const]),
];
// on a tmpfs where there is one, as /run is: thousands of files are made
const folder = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'coil-test-'));
after(() => rm(folder, { recursive: true }));
let folders = 0;

for (const [name, client] of clients) {
  describe(`${name} keeps a DEL`, { concurrency: 4 }, () => {
    for (const one of SPOOL_CASES) test(one.name, () => check(client, one));
  });
}

async function check(client: CniClient, { env = DEL, stdin = NETCONF, ...one }: SpoolCase): Promise<void> {
  await using coild = await listen(one.coild);
  const socket = coild.address.slice('unix://'.length);
  const spool = `${socket}.spool`;
  await one.prepare?.(spool);
  const before = await contents(spool);
  const outcome = await client({ argv: [], env, stdin: stdin(coild.address) });
  const told = `${outcome.stdout}${outcome.stderr}`;
  if (one.error) assert.deepEqual(JSON.parse(outcome.stdout.toString()), one.error(coild.address), told);
  else assert.equal(told, '');
  assert.equal(outcome.exitStatus, one.error ? 1 : 0, told);
  assert.deepEqual(await contents(spool), one.spooled ? { ...before, ...one.spooled(coild.address) } : before);
  if (!one.spooled) return;
  assert.equal((await stat(spool)).mode & 0o777, 0o700);
  for (const file of Object.keys(one.spooled(''))) assert.equal((await stat(join(spool, file))).mode & 0o777, 0o600);
  if (one.coild === 'no folder') assert.equal((await stat(dirname(spool))).mode & 0o777, 0o700);
}

async function listen(coild: SpoolCase['coild']): Promise<AsyncDisposable & { readonly address: string }> {
  if (coild !== undefined && coild !== 'no folder') return await FakeCoild.listen(coild);
  const own = coild === 'no folder' ? join(folder, `absent-${folders++}`) : await mkdtemp(join(folder, 'x'));
  return {
    address: `unix://${own}/coild.sock`,
    [Symbol.asyncDispose]: () => rm(own, { recursive: true, force: true }),
  };
}

/** Files and what is in them; undefined where there is no folder. */
async function contents(path: string): Promise<Record<string, string> | undefined> {
  const names = await readdir(path).catch(() => undefined);
  if (names === undefined) return undefined;
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(path, name), 'utf8')]));
}
