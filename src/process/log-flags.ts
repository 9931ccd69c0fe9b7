import { choiceFlag, type FlagValues, optionalTextFlag } from './flag.ts';
import { LOG_FORMATS, LOG_LEVELS } from './log-format.ts';

const group = 'Logging:';

/** How every program logs; by default to standard error. */
export const LOG_FLAGS = {
  logfile: optionalTextFlag({ group, takes: 'file', describe: 'File to append the log to, instead of standard error' }),
  loglevel: choiceFlag({
    group,
    describe: 'The least urgent lines to log',
    default: 'info',
    choices: LOG_LEVELS,
    aliases: { crit: 'critical', warn: 'warning', information: 'info' }, // v1 took them, so manifests may have them
  }),
  logformat: choiceFlag({ group, describe: 'Layout of a line', default: 'plain', choices: LOG_FORMATS }),
} as const;

export type LogOptions = FlagValues<typeof LOG_FLAGS>;
