import { spoolFolder } from '../spooled-del.ts';
import type { CoildAddress } from './coild-address.ts';
import { NoAnswerError } from './coild-failure.ts';
import type { Environment } from './environment.ts';
import { type CniMessage, type CoildAnswer, type HandoverDeadline, handOver, headersOf } from './handover.ts';
import { spoolDel } from './spool-del.ts';

/** Whether what coild does not take can be kept for it: only a coild behind a Unix socket has a folder that is known. */
export function hasSpool(address: CoildAddress): address is UnixAddress {
  return 'socketPath' in address.target;
}

type UnixAddress = CoildAddress & { readonly target: { readonly socketPath: string } };

/**
 * Hands a DEL over, or, where coild itself does not answer, keeps it in coild's spool, and answers as coild will have
 * done: a node is drained also while its coild is down.
 *
 * @throws {CniError} as handOver; tryAgainLater also where it cannot be kept
 */
export async function handOverDel(
  address: UnixAddress,
  message: CniMessage & { readonly env: Environment },
  deadline: HandoverDeadline,
): Promise<CoildAnswer> {
  try {
    return await handOver(address, message, deadline);
  } catch (error) {
    if (!(error instanceof NoAnswerError)) throw error;
    const folder = spoolFolder(address.target.socketPath);
    const { CNI_CONTAINERID: containerId, CNI_IFNAME: ifname } = message.env;
    const reason = await spoolDel(folder, { containerId, ifname, headers: headersOf(message), body: message.body });
    if (reason !== undefined) throw error.andNotKept(folder, reason);
    return { status: 200, body: Buffer.of() };
  }
}
