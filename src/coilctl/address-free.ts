import { CoilError } from '../model/error.ts';
import { switchFlag } from '../process/flag.ts';
import type { AddressRecord } from '../store/ipam-store.ts';
import { assignmentText } from './address-info.ts';
import { ADDRESS_ARGUMENT, parseAddress } from './arguments.ts';
import { type CommandDeps, defineCommand, type Question } from './command.ts';

/** Shows whom an address is assigned to, and frees exactly this assignment once that is agreed to. */
export const addressFree = defineCommand({
  name: 'address free',
  summary: 'Free an address, after asking; for one whose Pod is gone for good',
  access: 'read',
  args: { address: ADDRESS_ARGUMENT },
  flags: { yes: switchFlag({ describe: 'Do not ask' }) },
  prepare(args, { yes }) {
    const address = parseAddress(args.address);
    return async ({ store, stdout, signal }): Promise<Question> => {
      const record = await store.findAddress(address, signal);
      stdout.write(assignmentText(record));
      return {
        warning: warning(record),
        text: `free ${address}?`,
        agreed: yes,
        unchanged: `${address} stays assigned`,
        confirmed: (deps) => free(record, deps),
      };
    };
  },
});

function warning({ block, offset, assignment: { namespace, pod } }: AddressRecord): string {
  const address = block.nth(offset);
  return `if Pod ${namespace}/${pod} still runs, ${address} may be given to another Pod, and neither is reached reliably`;
}

async function free(record: AddressRecord, { store, signal }: CommandDeps): Promise<void> {
  const { outcome } = await store.free([record], signal);
  if (outcome === 'freed') return;
  const address = record.block.nth(record.offset);
  throw new CoilError('conflict', `${address} was not freed: it is not assigned any more as it was shown`);
}
