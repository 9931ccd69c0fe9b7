import { rm } from 'node:fs/promises';
import { AddressPool } from '../../src/model/address-pool.ts';
import { IpPrefix } from '../../src/model/ip-prefix.ts';
import { COMMANDS } from './commands.ts';
import { type ModelFixture, temporaryFolder } from './datastores.ts';
import { checkAlways } from './invariants.ts';
import type { Step } from './script.ts';
import { windUp } from './wind-up.ts';
import { World, type WorldOptions } from './world.ts';

export interface ScriptOptions extends Omit<WorldOptions, 'journals' | 'openFor'> {
  readonly subnets: readonly string[];
  /** A block has 2 ** blockSize addresses. */
  readonly blockSize: number;
  /** Whether each node has a journal, and goes on by it. */
  readonly isOffline?: boolean;
}

export interface Failure {
  readonly error: Error;
  /** What happened until then. */
  readonly log: readonly string[];
}

/** Runs steps on a datastore of their own, and checks all promises after each. Undefined where they hold. */
export async function runScript(
  setup: () => Promise<ModelFixture>,
  { subnets, blockSize, isOffline = false, ...options }: ScriptOptions,
  steps: readonly Step[],
): Promise<Failure | undefined> {
  await using fixture = await setup();
  await using store = await fixture.open();
  await store.createPool(
    'default',
    new AddressPool(subnets.map(IpPrefix.parse), blockSize),
    AbortSignal.timeout(10_000),
  );
  const journals = isOffline ? await temporaryFolder() : undefined;
  const world = new World(store, { ...options, journals, openFor: fixture.openFor });
  try {
    for (const node of world.nodes) await node.start();
    for (const { command, a, b } of steps) {
      world.log.push(`${command} ${a} ${b}`);
      const did = await COMMANDS[command]!.run(world, a, b);
      world.log[world.log.length - 1] += `  # ${did ?? 'nothing'}`;
      await world.settle();
      checkAlways(world);
    }
    world.log.push('wind up');
    await windUp(world);
    return undefined;
  } catch (error) {
    return { error: error as Error, log: world.log };
  } finally {
    for (const node of world.nodes) node.kill();
    if (journals !== undefined) await rm(journals, { recursive: true });
  }
}
