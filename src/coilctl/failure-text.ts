import { CoilError, type CoilErrorCode } from '../model/error.ts';
import { DeadlineError } from '../process/deadline.ts';
import { errorText } from '../process/error-text.ts';

interface Wording {
  /** What the message begins with: v1's words, which scripts look for, where v1 had any. */
  readonly words?: string;
  /** What to do next. */
  readonly advice: string;
}

const UNAVAILABLE = 'datastore unavailable';

const WORDINGS: Partial<Record<CoilErrorCode, Wording>> = {
  'pool-not-found': { words: 'not found', advice: "'coilctl pool list' shows the pools" },
  'subnet-not-found': { words: 'not found', advice: "'coilctl pool list' shows the subnets of each pool" },
  'address-not-found': { words: 'not found', advice: 'no Pod has this address' },
  'pool-exists': { words: 'pool already exists', advice: "'coilctl pool add-subnet' adds a subnet to it" },
  'subnet-in-use': { words: 'subnet in use', advice: "it must not overlap any that 'coilctl pool list' shows" },
  'store-unavailable': {
    words: UNAVAILABLE,
    advice: 'check --store or --etcd-endpoints, and that it runs; a change may have been made, or not',
  },
  conflict: { advice: 'others changed the same data at the same time; nothing was changed, so try again' },
  'corrupt-data': { advice: 'nothing was changed' },
};

/** What a failed command says, in one line. `store` says which datastore it was: `etcd at http://127.0.0.1:2379`. */
export function failureText(error: unknown, store: string): string {
  if (error instanceof DeadlineError) return `${UNAVAILABLE}: ${store}: ${error.message}`;
  if (!CoilError.is(error)) return errorText(error);
  const wording = WORDINGS[error.code];
  if (wording === undefined) return error.message;
  const { words = '', advice } = wording;
  const message = error.message.startsWith(words) ? error.message : `${words}: ${error.message}`;
  return `${message} (${advice})`;
}
