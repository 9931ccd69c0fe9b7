import { COMMANDS, NOUNS } from '../coilctl/commands.ts';
import { failureText } from '../coilctl/failure-text.ts';
import { withCommand } from '../process/command-line.ts';
import { withDeadline } from '../process/deadline.ts';
import { LOG_FLAGS, type LogOptions } from '../process/log-flags.ts';
import type { Main, ProgramIo } from '../process/program.ts';
import { UsageError } from '../process/usage-error.ts';
import { describeStore, openStore, readStoreOptions, STORE_FLAGS } from './store-options.ts';

/** Beyond the time to connect: how long a command may take altogether. */
const COMMAND_MS = 10_000;

/** Shows and changes pools, blocks and addresses, from any host that reaches the datastore. */
export const main: Main = (io) =>
  withCommand(
    {
      name: 'coilctl',
      summary: 'Show and change the address pools of Coil, and who uses them.',
      flags: { ...STORE_FLAGS, ...LOG_FLAGS },
      nouns: NOUNS,
      commands: COMMANDS,
      epilogue: 'Example: coilctl pool create default 10.11.0.0/16 5',
    },
    io,
    async ({ flags, command, args, commandFlags }) => {
      const options = readStoreOptions(flags);
      try {
        const action = command.prepare(args, commandFlags);
        await withDeadline({ ms: flags['etcd-timeout'] + COMMAND_MS, signal: io.signal }, async (signal) => {
          await using store = await openStore(options, signal);
          await action({ store, stdout: io.stdout, signal });
        });
        return 0;
      } catch (error) {
        if (error instanceof UsageError) throw error;
        await logFailure(failureText(error, describeStore(options)), flags, io);
        return 1;
      }
    },
  );

/** As v1 did: the message of the failure is a line of the log. */
async function logFailure(message: string, options: LogOptions, { stderr }: ProgramIo): Promise<void> {
  // loaded only now, since a command that succeeds has nothing to log
  const { openLogger } = await import('../process/open-logger.ts');
  using logger = openLogger('coilctl', options, stderr);
  logger.error(message);
}
