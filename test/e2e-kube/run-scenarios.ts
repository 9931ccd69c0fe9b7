/**
 * Runs scenarios on a cluster that it makes in the namespaces that it is started in, and leaves there: e2e.ts starts it,
 * and takes them away.
 */
import { after, test } from 'node:test';
import { parseArgs } from 'node:util';
import { assertAgreement } from './agreement.ts';
import { Cluster } from './cluster.ts';
import { saveEvidence } from './evidence.ts';
import { SCENARIOS } from './scenarios.ts';

const UP_MS = 240_000;
const SCENARIO_MS = 300_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { folder: { type: 'string' }, logs: { type: 'string' }, cgroup: { type: 'string' } },
});
const { folder = '', logs = '', cgroup = '' } = values;
const chosen = positionals.length > 0 ? positionals.map(Number) : SCENARIOS.map((_, i) => i + 1);

let cluster: Cluster | undefined;
let isBroken = false;

test('0. a cluster comes up, and Coil in it as README.md says', { timeout: UP_MS }, async () => {
  const started = performance.now();
  const progress = (text: string) =>
    process.stdout.write(`${((performance.now() - started) / 1000).toFixed(1)} s: ${text}\n`);
  isBroken = true;
  cluster = await Cluster.start({ folder, logs, cgroup, progress });
  await evidenced(cluster, () => cluster!.install());
  progress('all is ready');
  isBroken = false;
});

for (const number of chosen) {
  const scenario = SCENARIOS[number - 1];
  if (!scenario) throw new Error(`there is no scenario ${number}`);
  test(`${number}. ${scenario.name}`, { timeout: SCENARIO_MS }, async (t) => {
    if (isBroken) return t.skip('an earlier one failed');
    await evidenced(cluster!, async () => {
      await scenario.run(cluster!, (text) => t.diagnostic(text));
      await assertAgreement(cluster!);
    });
  });
}

after(() => cluster?.[Symbol.asyncDispose]());

async function evidenced(of: Cluster, body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } catch (error) {
    isBroken = true;
    await saveEvidence(of, logs);
    throw error;
  }
}
