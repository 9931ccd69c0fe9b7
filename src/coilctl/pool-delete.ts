import { DEFAULT_POOL } from '../model/address-pool.ts';
import { switchFlag } from '../process/flag.ts';
import { POOL_ARGUMENT, parsePoolName } from './arguments.ts';
import { defineCommand, type Question } from './command.ts';
import { v1PoolsText } from './pool-list.ts';
import { poolRemovalQuestion } from './pool-removal-question.ts';

/** Shows a pool as `pool list` does, and removes it once that is agreed to. */
export const poolDelete = defineCommand({
  name: 'pool delete',
  summary: 'Remove a pool of which no node owns a block, after asking',
  access: 'read',
  args: { name: POOL_ARGUMENT },
  flags: { yes: switchFlag({ describe: 'Do not ask' }) },
  prepare(args, { yes }) {
    const name = parsePoolName(args.name);
    return async (deps): Promise<Question> => {
      const question = await poolRemovalQuestion({ name }, deps);
      deps.stdout.write(v1PoolsText(new Map([[name, await deps.store.getPool(name, deps.signal)]])));
      return { ...question, agreed: yes, warning: warning(name) };
    };
  },
});

function warning(name: string): string {
  if (name === DEFAULT_POOL) return 'new Pods of namespaces without a pool of their own get no address then';
  return `new Pods of namespace ${name} take addresses of pool ${DEFAULT_POOL} then`;
}
