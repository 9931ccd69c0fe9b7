import { CoilError } from '../../model/error.ts';

/** Status codes of gRPC (grpc/grpc, doc/statuscodes.md). */
const GRPC = { invalidArgument: 3, unavailable: 14, unauthenticated: 16 } as const;

/** A call that etcd did not carry out, or that nobody knows whether it did. */
export function unavailable(urls: readonly string[], what: string, reason: string, cause?: unknown): CoilError {
  const options = cause === undefined ? {} : { cause };
  return new CoilError('store-unavailable', `etcd at ${urls.join(', ')}: cannot ${what}: ${reason}`, options);
}

/** What a gRPC error says, without its number and name before it. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { details } = error as Error & { details?: unknown };
  return typeof details === 'string' && details !== '' ? details : error.message;
}

/** Whether the connection failed: the next call had better go to another endpoint. */
export function isConnectionError(error: unknown): boolean {
  return grpcCode(error) === GRPC.unavailable;
}

/**
 * Whether etcd refused a call for a token that it does not know any more: an unknown one, or (as an invalid argument)
 * one from before users or roles were changed. Nothing was carried out.
 */
export function isStaleToken(error: unknown): boolean {
  const code = grpcCode(error);
  return code === GRPC.unauthenticated || code === GRPC.invalidArgument;
}

function grpcCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
