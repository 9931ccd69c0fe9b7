import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { newSeed } from '../soak/soak-time.ts';
import { storm } from './storm.ts';

/** As many as a storm of a minute is to attach at least, and a longer one too: it has the machine for itself seldom. */
const PODS = 500;

/** Lets a storm of STORM_SEED, or of a new seed, last so many milliseconds, or longer where the machine is busy. */
export async function checkStorm(t: TestContext, ms: number): Promise<void> {
  const seed = Number(process.env.STORM_SEED ?? newSeed());
  const pods = Math.min(PODS, Math.round((PODS * ms) / 60_000));
  t.diagnostic(`seed ${seed}`);
  const { wrong, ...report } = await storm({ seed, ms, pods });
  t.diagnostic(JSON.stringify(report));
  assert.equal(wrong.length, 0, `STORM_SEED=${seed}, ${JSON.stringify(report)}:\n${wrong.join('\n')}`);
  assert.ok(report.adds >= pods, JSON.stringify(report));
}
