import type { Action } from '../coilctl/command.ts';
import { COMMANDS, NOUNS } from '../coilctl/commands.ts';
import { confirm } from '../coilctl/confirm.ts';
import { failureText } from '../coilctl/failure-text.ts';
import { withCommand } from '../process/command-line.ts';
import { withDeadline } from '../process/deadline.ts';
import { type FlagSources, originsOf } from '../process/flag-sources.ts';
import type { LogOptions } from '../process/log-flags.ts';
import type { Main, ProgramIo } from '../process/program.ts';
import { UsageError } from '../process/usage-error.ts';
import type { StoreOptions } from '../store/open-store.ts';
import { COILCTL_CONFIG, COILCTL_FLAGS } from './coilctl-flags.ts';
import { openConfiguredStore } from './open-configured-store.ts';
import { describeStore, readStoreOptions } from './store-options.ts';

/** Beyond the time to connect: how long a step may take altogether. */
const STEP_MS = 10_000;

const SPEC = {
  name: 'coilctl',
  summary: 'Show and change the address pools of Coil, and who uses them.',
  flags: COILCTL_FLAGS,
  nouns: NOUNS,
  commands: COMMANDS,
  config: COILCTL_CONFIG,
  epilogue: 'Example: coilctl pool create default 10.11.0.0/16 5',
};

/** Shows and changes pools, blocks and addresses, from any host that reaches the datastore. */
export const main: Main = (io) =>
  withCommand(SPEC, io, async ({ flags, command, args, commandFlags, sources }) => {
    const options = readStoreOptions(flags, (names) => originsOf(COILCTL_FLAGS, names, sources));
    if (exposesPassword(sources)) await log('warn', exposure(sources), flags, io);
    try {
      const ms = flags['etcd-timeout'] + STEP_MS;
      await carryOut(command.prepare(args, commandFlags), { options, ms, flags }, io);
      return 0;
    } catch (error) {
      if (error instanceof UsageError) throw error;
      await log('error', failureText(error, describeStore(options)), flags, io);
      return 1;
    }
  });

interface Circumstances {
  readonly options: StoreOptions;
  readonly ms: number;
  readonly flags: LogOptions;
}

/** Nothing is held open while an administrator thinks. */
async function carryOut(action: Action, { options, ms, flags }: Circumstances, io: ProgramIo): Promise<void> {
  const step = (body: Action) =>
    withDeadline({ ms, signal: io.signal }, async (signal) => {
      await using store = await openConfiguredStore(options, { env: io.env, signal });
      return await body({ store, stdout: io.stdout, signal });
    });
  const question = await step(action);
  if (!question) return;
  if (question.agreed) await log('warn', question.warning, flags, io);
  else await confirm(question, io);
  await step(question.confirmed);
}

function exposesPassword({ file }: FlagSources): boolean {
  return file?.exposed === true && file.values.has('password');
}

function exposure({ file }: FlagSources): string {
  return `${file?.path} holds a password and can be read by others: 'chmod 600 ${file?.path}' keeps it to its owner`;
}

/** As v1 did: what it has to say is a line of the log. */
async function log(level: 'warn' | 'error', message: string, options: LogOptions, { stderr }: ProgramIo) {
  // loaded only now, since a command that succeeds has nothing to log
  const { openLogger } = await import('../process/open-logger.ts');
  using logger = openLogger('coilctl', options, stderr);
  logger[level](message);
}
