import { execFile } from 'node:child_process';
import { mkdir, readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { compileStatic } from '../../tools/hypercoil/launcher.ts';

const ROOT = join(import.meta.dirname, '../..');
const LAUNCHER = join(ROOT, 'launcher');
const CACHE = join(ROOT, 'node_modules/.cache/coil');
/** Its comment says how to build it with libFuzzer. */
export const LAUNCHER_FUZZER = join(ROOT, 'test/fuzz/launcher.c');
const WARNINGS = ['-std=c11', '-Wall', '-Wextra', '-Werror'];

/** The deadlines that test builds of the launcher have, so that tests of them need not take a minute. */
export const TEST_DEADLINES = { deadlineSeconds: 2, delSeconds: 1 };

const DEADLINES = [
  `-DDEADLINE_SECONDS=${TEST_DEADLINES.deadlineSeconds}`,
  `-DDEL_SECONDS=${TEST_DEADLINES.delSeconds}`,
];
const STATIC = ['-O2', '-static', '-s'];
const SANITIZED = ['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];

/** What is built from launcher/. @returns the path of the executable; it is kept until a source is newer */
export const builds = {
  /** As it is installed, but for its deadlines. */
  launcher: () => compile('coil', join(LAUNCHER, 'coil.c'), [...STATIC, ...DEADLINES], compileStatic),
  /** The launcher that ends with a report at the first access out of bounds, or undefined behaviour. */
  sanitizedLauncher: () => compile('coil-sanitized', join(LAUNCHER, 'coil.c'), [...SANITIZED, ...DEADLINES]),
  /** The launcher as a function, sanitized, and called with mutations of files. */
  launcherFuzzer: () => compile('launcher-fuzzer', LAUNCHER_FUZZER, ['-DSTANDALONE', ...SANITIZED]),
  /** What kills a program at one of its system calls. */
  killAtSyscall: () => compile('kill-at-syscall', join(import.meta.dirname, 'kill-at-syscall.c'), ['-D_GNU_SOURCE']),
  /** What runs a program that cannot sync. */
  failFsync: () => compile('fail-fsync', join(import.meta.dirname, 'fail-fsync.c'), []),
  /** What runs a program whose deletions of links hang in the kernel. */
  hangLinkDeletion: () => compile('hang-link-deletion', join(ROOT, 'test/e2e/hang-link-deletion.c'), ['-D_GNU_SOURCE']),
  /** A driver for launcher/netconf.h alone, sanitized. */
  netconfScanner: () => compile('netconf-scanner', join(import.meta.dirname, 'netconf-scanner.c'), SANITIZED),
};

/** Why sanitized builds cannot be made on this machine (libasan is a package of its own); undefined where they can. */
export async function sanitizerMissing(): Promise<string | undefined> {
  try {
    await builds.netconfScanner();
    return undefined;
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    if (/asan|ubsan|sanitize/.test(stderr)) return `the C compiler has no sanitizers: ${stderr.split('\n', 1)[0]}`;
    throw error;
  }
}

async function compile(name: string, source: string, flags: readonly string[], compiler = cc): Promise<string> {
  const target = join(CACHE, name);
  if ((await modified(target)) > (await newestSource(source))) return target;
  await mkdir(CACHE, { recursive: true });
  // Test files run side by side: each compiles to a name of its own, and the last rename wins.
  const partial = `${target}.${process.pid}`;
  await compiler([...WARNINGS, ...flags, `-I${LAUNCHER}`, '-o', partial, source]);
  await rename(partial, target);
  return target;
}

async function cc(args: readonly string[]): Promise<void> {
  await promisify(execFile)('cc', args);
}

async function newestSource(source: string): Promise<number> {
  const files = (await readdir(LAUNCHER)).map((file) => join(LAUNCHER, file));
  const times = await Promise.all([source, import.meta.filename, ...files].map(modified));
  return Math.max(...times);
}

async function modified(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
}
