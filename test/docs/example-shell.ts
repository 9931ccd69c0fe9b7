import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Built } from '../e2e/built.ts';
import type { RunExample } from './console-examples.ts';

const TIMEOUT_MS = 30_000;

/** A shell in a folder of its own, in which `hypercoil` and `coilctl` are those that were built. */
export async function exampleShell(
  dist: Built,
  prepare: (folder: string) => Promise<void> = async () => {},
): Promise<RunExample & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'ct-'));
  const bin = await mkdtemp(join(tmpdir(), 'ct-'));
  for (const name of ['hypercoil', 'coilctl'] as const) await symlink(dist[name], join(bin, name));
  await prepare(folder);
  const options = { cwd: folder, env: { HOME: folder, PATH: `${bin}:${process.env.PATH}` }, timeout: TIMEOUT_MS };
  const run = async (command: string) => {
    const shell = promisify(execFile)('bash', ['--norc', '-c', `exec 2>&1\n${command}\nexit 0`], options);
    shell.child.stdin?.end();
    return (await shell).stdout;
  };
  return Object.assign(run, {
    [Symbol.asyncDispose]: async () => {
      for (const one of [folder, bin]) await rm(one, { recursive: true });
    },
  });
}
