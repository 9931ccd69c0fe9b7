import { AddressPool } from '../model/address-pool.ts';
import { parseBlockSize, parseNewPoolName, parseNewSubnet, SUBNET_ARGUMENT } from './arguments.ts';
import { defineCommand } from './command.ts';

/** Creates a pool with one subnet. Prints nothing. */
export const poolCreate = defineCommand({
  name: 'pool create',
  summary: 'Create a pool with one subnet',
  access: 'begin',
  args: {
    name: 'Name of the pool: that of the namespace whose Pods are to use it, or default for all others',
    subnet: SUBNET_ARGUMENT,
    size: 'Size of a block, as a power of two: 5 makes blocks of 32 addresses (/27, or /123 in IPv6)',
  },
  flags: {},
  prepare(args) {
    const name = parseNewPoolName(args.name);
    const pool = new AddressPool([parseNewSubnet(args.subnet)], parseBlockSize(args.size));
    pool.validate();
    return ({ store, signal }) => store.createPool(name, pool, signal);
  },
});
