import { constants } from 'node:os';
import { NetlinkError } from './netlink-error.ts';
import { PendingRequest } from './pending-request.ts';
import type { Request } from './request.ts';

const ATTEMPTS = 5;

/**
 * All entries of a table, as they were at one moment: where the kernel says that the table changed while it was read
 * (NLM_F_DUMP_INTR), or answers were lost, it is read again, five times at most.
 * @param exchange sends the request to be dumped, and gives it its answers
 * @throws {NetlinkError} EINTR where every attempt was interrupted; or the signal's reason
 */
export async function consistentDump<T>(
  request: Request<T>,
  exchange: (pending: PendingRequest<T>) => Promise<void>,
  signal?: AbortSignal,
): Promise<Exclude<T, undefined>[]> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const pending = new PendingRequest(request);
    await exchange(pending);
    const again = pending.interrupted || NetlinkError.is(pending.error, 'EINTR', 'ENOBUFS');
    if (!again && pending.error !== undefined) throw pending.error;
    if (!again) return pending.values as Exclude<T, undefined>[];
    signal?.throwIfAborted();
  }
  throw new NetlinkError(request.operation, constants.errno.EINTR);
}
