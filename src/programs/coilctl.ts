import { COMMANDS, NOUNS } from '../coilctl/commands.ts';
import { confirm } from '../coilctl/confirm.ts';
import { failureText } from '../coilctl/failure-text.ts';
import { withCommand } from '../process/command-line.ts';
import { type FlagSources, originsOf } from '../process/flag-sources.ts';
import type { LogOptions } from '../process/log-flags.ts';
import type { Main, ProgramIo } from '../process/program.ts';
import { UsageError } from '../process/usage-error.ts';
import { COILCTL_CONFIG, COILCTL_FLAGS } from './coilctl-flags.ts';
import { DatastoreSteps } from './datastore-steps.ts';
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
    const steps = new DatastoreSteps(options, flags['etcd-timeout'] + STEP_MS, io);
    try {
      const question = await steps.run(command.access, command.prepare(args, commandFlags));
      // nothing is held open while an administrator thinks
      if (question?.agreed === false) await confirm(question, io);
      else if (question) await log('warn', question.warning, flags, io);
      if (question) await steps.run('change', question.confirmed);
      return 0;
    } catch (error) {
      if (error instanceof UsageError) throw error;
      const circumstances = { store: describeStore(options), mayHaveChanged: steps.mayHaveChanged };
      await log('error', failureText(error, circumstances), flags, io);
      return 1;
    }
  });

function exposesPassword({ file }: FlagSources): boolean {
  const isKey = file?.values.get('tls-key-file')?.includes('-----BEGIN ') === true;
  return file?.exposed === true && (file.values.has('password') || isKey);
}

function exposure({ file }: FlagSources): string {
  return `${file?.path} holds a password or a key, and can be read by others: 'chmod 600 ${file?.path}' keeps it to its owner`;
}

/** As v1 did: what it has to say is a line of the log. */
async function log(level: 'warn' | 'error', message: string, options: LogOptions, { stderr }: ProgramIo) {
  // loaded only now, since a command that succeeds has nothing to log
  const { openLogger } = await import('../process/open-logger.ts');
  using logger = openLogger('coilctl', options, stderr);
  logger[level](message);
}
