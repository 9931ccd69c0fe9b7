import { readFileSync } from 'node:fs';

/** Numbers of capabilities (linux/capability.h). */
const BITS = { CAP_NET_ADMIN: 12, CAP_SYS_ADMIN: 21 } as const;

export type Capability = keyof typeof BITS;

/** What the kernel tells of this process; empty where it tells nothing. */
export function processStatus(): string {
  try {
    return readFileSync('/proc/self/status', 'utf8');
  } catch {
    return '';
  }
}

/** Which of `needed` a process is without, by its `/proc/PID/status`; none where that does not tell. */
export function missingCapabilities(needed: readonly Capability[], status: string): readonly Capability[] {
  const [, effective] = /^CapEff:\s*([0-9a-f]+)$/m.exec(status) ?? [];
  if (effective === undefined) return [];
  const bits = BigInt(`0x${effective}`);
  return needed.filter((name) => ((bits >> BigInt(BITS[name])) & 1n) === 0n);
}
