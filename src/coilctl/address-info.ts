import { formatIpAssignment } from '../model/ip-assignment.ts';
import { parseAddress } from './arguments.ts';
import { defineCommand } from './command.ts';

/** Prints whom an address is assigned to, as indented JSON: the members that the datastore has. */
export const addressInfo = defineCommand({
  name: 'address info',
  summary: 'Show which Pod an address is assigned to',
  args: { address: 'Address such as 10.11.0.1' },
  flags: {},
  prepare(args) {
    const address = parseAddress(args.address);
    return async ({ store, stdout, signal }) => {
      const { assignment } = await store.findAddress(address, signal);
      stdout.write(`${JSON.stringify(JSON.parse(formatIpAssignment(assignment)), null, 4)}\n`);
    };
  },
});
