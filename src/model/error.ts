/**
 * What can go wrong in Coil's own terms. Each boundary translates a code once: to an HTTP status (src/coild), a CNI
 * error number (src/cni) or an exit status (src/coilctl). Nothing ever matches on a message.
 */
export type CoilErrorCode =
  | 'invalid-argument' // input breaks a rule; the message names the field
  | 'corrupt-data' // the datastore holds a value that cannot be read; the message names its key
  | 'pool-not-found'
  | 'pool-exists'
  | 'pool-in-use' // nodes own blocks of the pool or subnet that is to go, or Pods have addresses of it
  | 'subnet-not-found'
  | 'subnet-in-use' // the subnet overlaps one of a pool
  | 'block-not-found' // the node does not own that block
  | 'out-of-blocks' // every block of the pool is assigned
  | 'out-of-addresses' // every address of every block is assigned, and there is no further block
  | 'address-not-found'
  | 'address-live' // a Pod on this node lives with the address, though nobody has a record of that
  | 'address-in-use' // the container has an address already (v1's REST API answers 409)
  | 'conflict' // somebody else changed the data at the same time, too often in a row
  | 'store-not-found' // there is no such database file, and it is not to be made
  | 'store-unavailable' // the datastore did not answer, or not in time
  | 'netns-not-found' // the path is not there, or is not a network namespace
  | 'link-exists' // the container has an interface of that name already
  | 'network' // the kernel refused a change of links, addresses or routes
  | 'check-failed' // CHECK found a Pod's network not as it should be
  | 'overloaded' // too much is under way; try again
  | 'internal';

/** An error with a code. `cause` keeps what led to it: an etcd or a netlink error with its errno. */
export class CoilError extends Error {
  override readonly name = 'CoilError';
  readonly code: CoilErrorCode;
  /** Of a call that failed, with a code by which it may have been carried out: that it certainly was not. */
  readonly unchanged: boolean;

  constructor(code: CoilErrorCode, message: string, options: ErrorOptions & { readonly unchanged?: boolean } = {}) {
    const { unchanged = false, ...rest } = options;
    super(message, rest);
    this.code = code;
    this.unchanged = unchanged;
  }

  /** Whether `error` is a CoilError, and, where `code` is given, has that code. */
  static is(error: unknown, code?: CoilErrorCode): error is CoilError {
    return error instanceof CoilError && (code === undefined || error.code === code);
  }

  /**
   * Whether the change of the datastore that failed so may have been carried out all the same; where it was given up by
   * its `signal`, whatever reason that has.
   */
  static isUncertain(error: unknown, signal: AbortSignal): boolean {
    if (signal.aborted || !CoilError.is(error)) return true;
    return error.code === 'store-unavailable' && !error.unchanged;
  }
}
