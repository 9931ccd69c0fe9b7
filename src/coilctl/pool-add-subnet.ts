import { POOL_ARGUMENT, parseNewSubnet, parsePoolName, SUBNET_ARGUMENT } from './arguments.ts';
import { defineCommand } from './command.ts';

/** Adds a subnet to a pool. Prints nothing. */
export const poolAddSubnet = defineCommand({
  name: 'pool add-subnet',
  summary: 'Add a subnet to a pool',
  access: 'change',
  args: { name: POOL_ARGUMENT, subnet: SUBNET_ARGUMENT },
  flags: {},
  prepare(args) {
    const name = parsePoolName(args.name);
    const subnet = parseNewSubnet(args.subnet);
    return ({ store, signal }) => store.addSubnet(name, subnet, signal);
  },
});
