import { switchFlag } from '../process/flag.ts';
import { POOL_ARGUMENT, parsePoolName, parseSubnet, SUBNET_ARGUMENT } from './arguments.ts';
import { defineCommand, type Question } from './command.ts';
import { poolRemovalQuestion } from './pool-removal-question.ts';

/** Removes a subnet once that is agreed to. */
export const poolRemoveSubnet = defineCommand({
  name: 'pool remove-subnet',
  summary: 'Remove a subnet of which no node owns a block, after asking',
  access: 'read',
  args: { name: POOL_ARGUMENT, subnet: SUBNET_ARGUMENT },
  flags: { yes: switchFlag({ describe: 'Do not ask' }) },
  prepare(args, { yes }) {
    const removal = { name: parsePoolName(args.name), subnet: parseSubnet(args.subnet) };
    return async (deps): Promise<Question> => {
      const question = await poolRemovalQuestion(removal, deps);
      const warning = `new Pods of pool ${removal.name} get no address of ${removal.subnet} then`;
      return { ...question, agreed: yes, warning };
    };
  },
});
