import { getSystemErrorMessage } from 'node:util';
import { CNI_CODE, CniError } from '../cni-error.ts';

/** How far a request got. */
export type HandoverStep = 'connect' | 'send' | 'receive';

/** coild is not there, or did not answer to the end: the runtime may try again. */
export function noAnswer(address: string, step: HandoverStep, why: string, cause?: unknown): CniError {
  return new CniError(
    CNI_CODE.tryAgainLater,
    `coild did not answer at ${address}`,
    `${step}: ${why}; is coild running on this node? (systemctl status coild, or the coild container of this node's DaemonSet Pod)`,
    { cause },
  );
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

/** Names what node:http threw at `step`, in the words of strerror(3) where the kernel refused something. */
export function exchangeFailure(address: string, step: HandoverStep, error: unknown): CniError {
  const { code, errno, syscall } = error as NodeJS.ErrnoException;
  if (code?.startsWith('HPE_')) return notCoild(address, 'it does not speak HTTP', error);
  if (errno === undefined)
    return noAnswer(address, step, 'the connection was closed before the answer was complete', error);
  const text = getSystemErrorMessage(errno);
  const failed = syscall === 'write' ? 'send' : step;
  return noAnswer(address, failed, text.charAt(0).toUpperCase() + text.slice(1), error);
}
