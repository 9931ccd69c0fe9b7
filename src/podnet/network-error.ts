import { CoilError } from '../model/error.ts';
import { NetlinkError } from '../netlink/netlink-error.ts';

/** A netlink failure in Coil's terms; anything else (an abort, a CoilError) stays what it is. */
export function networkError<E>(what: string, error: E): E | CoilError {
  if (!NetlinkError.is(error)) return error;
  return new CoilError('network', `${what}: ${error.message}`, { cause: error });
}

/** Runs `action` with its netlink failures translated. */
export async function translated<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw networkError(what, error);
  }
}
