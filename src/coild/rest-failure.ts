import { CoilError, type CoilErrorCode } from '../model/error.ts';

/** What each of Coil's errors is to a client of v1's REST API; all else is 500, as v1 has it: 503 is a pool used up. */
const STATUS: Partial<Record<CoilErrorCode, number>> = {
  'invalid-argument': 400,
  'address-not-found': 404,
  'address-in-use': 409,
  'out-of-blocks': 503,
  'out-of-addresses': 503,
};

/** `{"status":N,"error":"…"}`, and the number that the log names the request by. */
export interface RestFailure {
  readonly error: string;
  readonly request_id: string;
  readonly status: number;
}

/** An answer that is not 200 by itself: a method or path that is not served. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Any error, as a client of the REST API is to see it. */
export function toRestFailure(error: unknown, requestId: string): RestFailure {
  const { status, message } = describe(error);
  return { error: message, request_id: requestId, status };
}

function describe(error: unknown): { status: number; message: string } {
  if (error instanceof HttpError) return error;
  if (CoilError.is(error)) return { status: STATUS[error.code] ?? 500, message: error.message };
  // what the HTTP server itself found wrong, such as a body that is too large
  const { statusCode, message } = error as { statusCode?: unknown; message?: unknown };
  return { status: typeof statusCode === 'number' ? statusCode : 500, message: String(message ?? error) };
}
