import { COMMANDS } from './commands.ts';
import type { ModelDatastore } from './datastores.ts';
import { Random } from './random.ts';
import { type Failure, runScript, type ScriptOptions } from './run-script.ts';
import { formatScript, generate, type Step } from './script.ts';
import { shrink } from './shrink.ts';

const STEPS_PER_SCRIPT = 300;
const SHRINK_MS = 20_000;
const SUBNETS = [['10.0.0.0/29'], ['10.0.0.0/28'], ['10.0.0.0/29', 'fd00::/125'], ['10.0.0.0/30', '10.0.1.0/30']];

/** What a seed's script runs on: few addresses for many Pods, so that all of them are wanted. */
export function optionsOf(seed: number, isOffline = false): ScriptOptions {
  const random = new Random(seed);
  const subnets = SUBNETS[random.below(SUBNETS.length)]!;
  return {
    subnets,
    blockSize: random.below(3),
    nodes: 2 + random.below(3),
    pods: 1 + random.below(4),
    restMs: [0, 1_000][random.below(2)]!,
    isOffline,
  };
}

/**
 * Runs the scripts of one seed after the other, from `seed` on, as long as `isEnough` does not hold for the number of
 * steps so far; gives that number.
 * @throws where a script breaks a promise: the error holds its seed, and a shorter script that breaks it too
 */
export async function search(
  datastore: ModelDatastore,
  seed: number,
  isEnough: (steps: number) => boolean,
  isOffline = false,
): Promise<number> {
  let steps = 0;
  for (let at = seed; !isEnough(steps); at++) {
    const script = generate(COMMANDS, { seed: at, length: STEPS_PER_SCRIPT });
    const options = optionsOf(at, isOffline);
    const failure = await runScript(datastore.open, options, script);
    if (failure) throw await explain(datastore, { seed: at, script, options, failure });
    steps += script.length;
  }
  return steps;
}

interface Found {
  readonly seed: number;
  readonly script: readonly Step[];
  readonly options: ScriptOptions;
  readonly failure: Failure;
}

async function explain(datastore: ModelDatastore, { seed, script, options, failure }: Found): Promise<Error> {
  const kind = kindOf(failure);
  const shorter = await shrink(
    script,
    async (list) => kindOf(await runScript(datastore.open, options, list)) === kind,
    SHRINK_MS,
  );
  const again = (await runScript(datastore.open, options, shorter)) ?? failure;
  const message = [
    `${failure.error.message}`,
    `MODEL_SEED=${seed} repeats it; on ${JSON.stringify(options)} these ${shorter.length} steps lead to: ${again.error.message}`,
    formatScript(shorter),
    'what happened:',
    ...again.log,
  ].join('\n');
  return new Error(message, { cause: failure.error });
}

/** The promise that was broken, whatever to. */
function kindOf(failure: Failure | undefined): string | undefined {
  return failure?.error.message.replaceAll(/\d[\d.:a-f/]*/g, '0');
}
