import { readFileSync } from 'node:fs';

/** Of Linux, where nobody says otherwise. */
const USUAL = 1024;

/** How many files this process may have open: RLIMIT_NOFILE, as /proc/self/limits tells it. */
export function openFilesLimit(): number {
  try {
    return limitIn(readFileSync('/proc/self/limits', 'utf8'));
  } catch {
    return USUAL;
  }
}

/** The soft limit. Node raises it to the hard one when it starts. */
export function limitIn(limits: string): number {
  const [, soft] = /^Max open files +(\d+|unlimited) /m.exec(limits) ?? [];
  if (soft === 'unlimited') return Number.POSITIVE_INFINITY;
  return soft === undefined ? USUAL : Number(soft);
}
