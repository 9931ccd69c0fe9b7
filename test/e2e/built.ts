import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

/** Paths of what administrators get. */
export interface Built {
  /** The CNI launcher. */
  readonly coil: string;
  readonly hypercoil: string;
  /** A link to hypercoil, as the next one. */
  readonly coild: string;
  readonly coilctl: string;
}

const ROOT = resolve(import.meta.dirname, '../..');
const DIST = join(ROOT, 'dist');
/** The pinned Node goes into the executable, whichever one runs the tests. */
const NODE = join(ROOT, 'node_modules/.bin/node');
const LOCK_SECONDS = 120;
const BUILD_MS = 180_000;

const run = promisify(execFile);
let building: Promise<Built> | undefined;

/** Builds dist/ where it is older than its sources. Test files run side by side: one of them builds, the others wait. */
export function built(): Promise<Built> {
  building ??= build();
  return building;
}

async function build(): Promise<Built> {
  await mkdir(DIST, { recursive: true });
  // the kernel frees this lock even where its holder is killed; --no-fork: the time-out reaches the build itself
  const lock = ['--no-fork', '--wait', String(LOCK_SECONDS), join(DIST, '.lock')];
  await run('flock', [...lock, NODE, join(ROOT, 'tools/build-hypercoil.ts')], { timeout: BUILD_MS });
  const path = (name: string): string => join(DIST, name);
  return { coil: path('coil'), hypercoil: path('hypercoil'), coild: path('coild'), coilctl: path('coilctl') };
}
