import { GRPC_STATUS, GrpcError } from '../../grpc/grpc-error.ts';
import { CoilError } from '../../model/error.ts';

/** A call that etcd did not carry out (`unchanged`), or that nobody knows whether it did. */
export function unavailable(
  urls: readonly string[],
  what: string,
  options: { readonly reason: string; readonly cause?: unknown; readonly unchanged?: boolean },
): CoilError {
  const { reason, ...rest } = options;
  return new CoilError('store-unavailable', `etcd at ${urls.join(', ')}: cannot ${what}: ${reason}`, rest);
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Whether the next call had better go to another endpoint: the connection failed, or there was no answer in time, as of
 * a member that is cut off from its cluster.
 */
export function isEndpointError(error: unknown): boolean {
  if (!(error instanceof GrpcError)) return false;
  return error.code === GRPC_STATUS.unavailable || error.code === GRPC_STATUS.deadlineExceeded;
}

/** Whether the call certainly was not carried out, as it never left or was not looked at. */
export function isUnsent(error: unknown): boolean {
  return error instanceof GrpcError && !error.sent;
}

/** Whether etcd refused a change as its quota is used up: it can be read yet, and keys can be removed. */
export function isOutOfSpace(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof GrpcError && cause.code === GRPC_STATUS.resourceExhausted;
}

/** Whether etcd answered a login so: authentication is not switched on, and every call is let in. */
export function isAuthOff(error: unknown): boolean {
  return error instanceof GrpcError && error.code === GRPC_STATUS.failedPrecondition;
}

/**
 * Whether etcd refused a call for a token that it does not know any more: an unknown one, or (as an invalid argument)
 * one from before users or roles were changed, or none. Nothing was carried out.
 */
export function isStaleToken(error: unknown): boolean {
  if (!(error instanceof GrpcError)) return false;
  return error.code === GRPC_STATUS.unauthenticated || error.code === GRPC_STATUS.invalidArgument;
}
