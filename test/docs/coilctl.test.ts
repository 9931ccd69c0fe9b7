import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { COMMANDS } from '../../src/coilctl/commands.ts';
import { AddressPool } from '../../src/model/address-pool.ts';
import { IpPrefix } from '../../src/model/ip-prefix.ts';
import type { Flag } from '../../src/process/flag.ts';
import { commandUsage } from '../../src/process/program-spec.ts';
import { COILCTL_FLAGS } from '../../src/programs/coilctl-flags.ts';
import { SqliteIpamStore } from '../../src/store/sqlite/sqlite-ipam-store.ts';
import { testExamples } from './console-examples.ts';

const PAGE = new URL('../../docs/coilctl.md', import.meta.url);
const HYPERCOIL = fileURLToPath(new URL('../../src/programs/hypercoil.ts', import.meta.url));
const TIMEOUT_MS = 30_000;

/** The cluster that the page speaks of. */
async function createCluster(path: string): Promise<void> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  await using store = await SqliteIpamStore.open({ path }, signal);
  await store.createPool('default', new AddressPool([IpPrefix.parse('10.11.0.0/16')], 5), signal);
  const { block } = await store.acquireBlock({ node: 'node1', pool: 'default', family: 4 }, signal);
  await store.acquireBlock({ node: 'node2', pool: 'default', family: 4 }, signal);
  for (const [offset, pod, containerId] of [
    [1, 'web-0', '4f2a9b'],
    [2, 'web-1', '77c01e'],
  ] as const) {
    const assignment = { containerId, namespace: 'shop', pod, createdAt: '2026-11-22T12:38:59Z', ifname: 'eth0' };
    await store.allocate({ node: 'node1', slots: [{ block, offset }], assignment }, signal);
  }
}

/** A shell in a folder of its own, in which coilctl is the program as it stands, and finds the cluster. */
async function openShell() {
  const folder = await mkdtemp(join(tmpdir(), 'coil-test-'));
  await writeFile(join(folder, 'coilctl'), `#!/bin/sh\nexec ${process.execPath} ${HYPERCOIL} coilctl "$@"\n`, {
    mode: 0o755,
  });
  const path = join(folder, 'coil.db');
  await createCluster(path);
  const env = { HOME: folder, PATH: `${folder}:${process.env.PATH}`, COILCTL_STORE: `sqlite:${path}` };
  const options = { cwd: folder, env, timeout: TIMEOUT_MS };
  const run = async (command: string) => {
    const shell = promisify(execFile)('bash', ['--norc', '-c', `exec 2>&1\n${command}\nexit 0`], options);
    shell.child.stdin?.end();
    return (await shell).stdout;
  };
  return Object.assign(run, { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) });
}

testExamples(PAGE, openShell);

const page = await readFile(PAGE, 'utf8');

test('the page has every command with its arguments', () => {
  for (const command of COMMANDS) {
    const words = commandUsage(command).replaceAll(/<(.*?)>/g, (_, name: string) => name.toUpperCase());
    assert.match(page, new RegExp(`^### coilctl ${words}( |$)`, 'm'));
    for (const flag of Object.keys(command.flags)) assert.ok(page.includes(`\`--${flag}\``), flag);
  }
});

test('the page has every flag with its variable, its member and its default', () => {
  for (const [name, { env, member, default: value }] of Object.entries<Flag<unknown>>(COILCTL_FLAGS)) {
    const row = page.split('\n').find((line) => line.startsWith(`| \`--${name}\` |`));
    const cells = row?.split(' |').map((cell) => cell.replaceAll(/^\|?\s+|`/g, '')) ?? [];
    const expected = [`--${name}`, env ?? '', member ?? '', name === 'config' ? 'see below' : (value ?? '')];
    assert.deepEqual(cells.slice(0, 4), expected);
  }
});
