/** Status codes of gRPC (grpc/grpc, doc/statuscodes.md), as far as we give or look at them. */
export const GRPC_STATUS = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

export interface GrpcErrorOptions extends ErrorOptions {
  /** A status code of gRPC. */
  readonly code: number;
  /** False where the server has certainly not begun to carry the call out, so that it may be given to another one. */
  readonly sent: boolean;
}

/** A call that failed. The message is what the server said, or why there is no answer from it. */
export class GrpcError extends Error {
  override readonly name = 'GrpcError';
  readonly code: number;
  readonly sent: boolean;

  constructor(message: string, { code, sent, ...options }: GrpcErrorOptions) {
    super(message, options);
    this.code = code;
    this.sent = sent;
  }
}
