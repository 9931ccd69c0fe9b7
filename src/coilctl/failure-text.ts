import { CoilError, type CoilErrorCode } from '../model/error.ts';
import { DeadlineError } from '../process/deadline.ts';
import { errorText } from '../process/error-text.ts';

/** What a failed command had to do with. */
export interface FailureCircumstances {
  /** The datastore: `etcd at http://127.0.0.1:2379`. */
  readonly store: string;
  /** Whether a change was under way, of which nobody knows whether it was made. */
  readonly mayHaveChanged: boolean;
}

interface Wording {
  /** What the message begins with: v1's words, which scripts look for, where v1 had any. */
  readonly words?: string;
  /** What to do next. */
  readonly advice: string;
  /** Whether a change may have been made all the same. */
  readonly isUncertain?: boolean;
}

const UNAVAILABLE = 'datastore unavailable';

const WORDINGS: Partial<Record<CoilErrorCode, Wording>> = {
  'pool-not-found': { words: 'not found', advice: "'coilctl pool list' shows the pools" },
  'subnet-not-found': { words: 'not found', advice: "'coilctl pool list' shows the subnets of each pool" },
  'address-not-found': { words: 'not found', advice: 'no Pod has this address' },
  'pool-exists': { words: 'pool already exists', advice: "'coilctl pool add-subnet' adds a subnet to it" },
  'pool-in-use': {
    words: 'pool in use',
    advice:
      'nothing was changed; nodes return empty blocks within two of their --scan-interval, but for one in hand (coild --spare-blocks=0: none), and coil-controller those of nodes that are gone; an address in a block of no node goes by coilctl address free',
  },
  'subnet-in-use': { words: 'subnet in use', advice: "it must not overlap any that 'coilctl pool list' shows" },
  'store-not-found': { words: UNAVAILABLE, advice: "check the path of --store; 'coilctl pool create' makes the file" },
  'store-unavailable': {
    words: UNAVAILABLE,
    advice: 'check --store or --etcd-endpoints, and that it runs',
    isUncertain: true,
  },
  conflict: { advice: 'others changed the same data at the same time; nothing was changed, so try again' },
  'corrupt-data': { advice: 'nothing was changed' },
};

const UNCERTAIN = 'a change may have been made, or not';
const UNCHANGED = 'nothing was changed';

/** What a failed command says, in one line. */
export function failureText(error: unknown, { store, mayHaveChanged }: FailureCircumstances): string {
  const uncertain = mayHaveChanged ? [UNCERTAIN] : [];
  if (error instanceof DeadlineError) return advised(`${UNAVAILABLE}: ${store}: ${error.message}`, uncertain);
  if (!CoilError.is(error)) return advised(errorText(error), uncertain);
  const wording = WORDINGS[error.code];
  if (wording === undefined) return error.message;
  const { words = '', advice, isUncertain = false } = wording;
  const message = error.message.startsWith(words) ? error.message : `${words}: ${error.message}`;
  const certainty = error.unchanged ? uncertain.map(() => UNCHANGED) : uncertain;
  return advised(message, [advice, ...(isUncertain ? certainty : [])]);
}

function advised(message: string, advice: readonly string[]): string {
  return advice.length === 0 ? message : `${message} (${advice.join('; ')})`;
}
