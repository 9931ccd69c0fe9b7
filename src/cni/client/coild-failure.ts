import { getSystemErrorMessage } from 'node:util';
import { CNI_CODE, CniError } from '../cni-error.ts';

/** How far a request got. */
export type HandoverStep = 'connect' | 'send' | 'receive';

/** coild is not there, or did not answer to the end: the runtime may try again. */
export class NoAnswerError extends CniError {
  readonly #address: string;
  readonly #why: string;

  constructor(address: string, why: string, cause?: unknown) {
    super(
      CNI_CODE.tryAgainLater,
      `coild did not answer at ${address}`,
      `${why}; is coild running on this node? (systemctl status coild, or the coild container of this node's DaemonSet Pod)`,
      { cause },
    );
    this.#address = address;
    this.#why = why;
  }

  /** The same, and that the call is not kept for later either. */
  andNotKept(folder: string, reason: string): NoAnswerError {
    const why = `${this.#why}; this DEL cannot be kept for later in ${folder}: ${reason}`;
    return new NoAnswerError(this.#address, why, this.cause);
  }
}

export function noAnswer(address: string, step: HandoverStep, why: string, cause?: unknown): NoAnswerError {
  return new NoAnswerError(address, `${step}: ${why}`, cause);
}

/** Something else answers at coild's address: often a coild of version 1, which answers 404. */
export function notCoild(address: string, what: string, cause?: unknown): CniError {
  return new CniError(
    CNI_CODE.tryAgainLater,
    `what answers at ${address} is no coild that this plugin can talk to`,
    `${what}; coild there may be older than this plugin`,
    { cause },
  );
}

/** Names what node:http threw at `step`. */
export function exchangeFailure(address: string, step: HandoverStep, error: unknown): CniError {
  const { code, errno, syscall } = error as NodeJS.ErrnoException;
  if (code?.startsWith('HPE_')) return notCoild(address, 'it does not speak HTTP', error);
  if (errno === undefined)
    return noAnswer(address, step, 'the connection was closed before the answer was complete', error);
  return noAnswer(address, syscall === 'write' ? 'send' : step, systemText(errno), error);
}

/** In the words of strerror(3). @param errno as Node has it, negative */
export function systemText(errno: number): string {
  const text = getSystemErrorMessage(errno);
  return text.charAt(0).toUpperCase() + text.slice(1);
}
