/**
 * Runs scenarios on a cluster that it makes in the namespaces that it is started in, and leaves there: e2e.ts starts it,
 * and takes them away.
 */
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { assertAgreement, assertNothingMended } from './agreement.ts';
import { Cluster } from './cluster.ts';
import { saveEvidence } from './evidence.ts';
import { SCENARIOS } from './scenarios.ts';

const UP_MS = 240_000;
const SCENARIO_MS = 600_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { folder: { type: 'string' }, logs: { type: 'string' }, cgroup: { type: 'string' } },
});
const { folder = '', logs = '', cgroup = '' } = values;
const chosen = positionals.length > 0 ? positionals.map(Number) : SCENARIOS.map((_, i) => i + 1);

let cluster: Cluster | undefined;
let isBroken = false;

test('0. a cluster comes up, and Coil in it as README.md says', async () => {
  await evidenced(UP_MS, async () => {
    cluster = await Cluster.start({ folder, logs, cgroup, progress: teller() });
    await cluster.install();
  });
});

for (const number of chosen) {
  const scenario = SCENARIOS[number - 1];
  if (!scenario) throw new Error(`there is no scenario ${number}`);
  test(`${number}. ${scenario.name}`, async (t) => {
    if (isBroken) return t.skip('an earlier one failed');
    await evidenced(SCENARIO_MS, async () => {
      const tell = teller();
      tell(scenario.name);
      await scenario.run(cluster!, tell);
      tell('all parts of the cluster are compared');
      await assertAgreement(cluster!);
      await assertNothingMended(cluster!);
    });
  });
}

after(() => cluster?.[Symbol.asyncDispose]());

/** Runs `body` for so long at most; the state in which it failed is saved, and nothing else is tried after it. */
async function evidenced(limitMs: number, body: () => Promise<void>): Promise<void> {
  try {
    // node:test's own limit would go on with the next one beside what is under way
    await Promise.race([body(), tooLate(limitMs)]);
  } catch (error) {
    isBroken = true;
    if (cluster) await saveEvidence(cluster, logs);
    throw error;
  }
}

async function tooLate(ms: number): Promise<never> {
  await delay(ms, undefined, { ref: false });
  throw new Error(`it was not done within ${ms / 1000} s`);
}

/** Says at once how far it is, with the seconds since it was made. */
function teller(): (text: string) => void {
  const started = performance.now();
  return (text) => {
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stdout.write(`  ${seconds.padStart(5)} s  ${text}\n`);
  };
}
