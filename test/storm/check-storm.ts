import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { newSeed } from '../soak/soak-time.ts';
import { storm } from './storm.ts';

/** A storm in which next to nothing succeeds tells nothing. A busy machine manages two a second, an idle one ten. */
const ADDS_PER_SECOND = 0.25;

/** Lets a storm of STORM_SEED, or of a new seed, last so many milliseconds. */
export async function checkStorm(t: TestContext, ms: number): Promise<void> {
  const seed = Number(process.env.STORM_SEED ?? newSeed());
  t.diagnostic(`seed ${seed}`);
  const { wrong, ...report } = await storm({ seed, ms });
  t.diagnostic(JSON.stringify(report));
  assert.equal(wrong.length, 0, `STORM_SEED=${seed}, ${JSON.stringify(report)}:\n${wrong.join('\n')}`);
  assert.ok(report.adds > (ADDS_PER_SECOND * ms) / 1000, JSON.stringify(report));
}
