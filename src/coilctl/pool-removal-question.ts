import { type PoolRemoval, planRemoval, refuseOwned, textOf } from '../model/pool-removal.ts';
import type { IpamStore } from '../store/ipam-store.ts';
import type { CommandDeps, Question } from './command.ts';

/**
 * What to ask before a pool or a subnet goes. That a node owns a block of it is said at once; that one acquires a block
 * during the question, by the datastore.
 * @throws {CoilError} pool-not-found, subnet-not-found, pool-in-use, invalid-argument
 */
export async function poolRemovalQuestion(
  removal: PoolRemoval,
  { store, signal }: Pick<CommandDeps, 'store' | 'signal'>,
): Promise<Omit<Question, 'agreed' | 'warning'>> {
  const { name, subnet } = removal;
  const { subnets } = planRemoval(await store.getPool(name, signal), removal);
  const assignments = subnets.map(async (each) => (await store.getBlockAssignment(name, each, signal)).nodes);
  refuseOwned(removal, await Promise.all(assignments));
  const what = textOf(removal);
  const remove = (port: IpamStore, until: AbortSignal) =>
    subnet === undefined ? port.deletePool(name, until) : port.removeSubnet(name, subnet, until);
  return {
    text: `remove ${what}?`,
    unchanged: `${what} stays`,
    confirmed: (deps) => remove(deps.store, deps.signal),
  };
}
