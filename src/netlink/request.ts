/** One netlink request: what an operation of links, addresses, routes or rules is before a socket sends it. */
export interface Request<T = void> {
  /** For error messages: the `ip` command that does the same. */
  readonly operation: string;
  /** `nlmsg_type`, e.g. RTM_NEWLINK. */
  readonly type: number;
  /** `nlmsg_flags` beyond NLM_F_REQUEST and NLM_F_ACK. */
  readonly flags: number;
  /** What stands behind the netlink header. */
  readonly body: Uint8Array;
  /**
   * Makes a value of one answer; absent where the kernel answers with an acknowledgement only. The bytes belong to the
   * socket: copy what is to be kept. Of a dump, answers that give undefined are left out.
   */
  readonly decode?: (body: Uint8Array) => T;
}

/** What came of one request of a batch. */
export type Outcome<T> =
  | { readonly value: T; readonly error?: never }
  | { readonly error: Error; readonly value?: never };

/** The outcomes of a batch, in the order of its requests. */
export type Outcomes<Requests extends readonly Request<unknown>[]> = {
  readonly [Index in keyof Requests]: Requests[Index] extends Request<infer T> ? Outcome<T> : never;
};

/** The value, or the error thrown. */
export function unwrap<T>(outcome: Outcome<T>): T {
  if (outcome.error !== undefined) throw outcome.error;
  return outcome.value;
}

/** Throws the first error of a batch. */
export function requireSuccess(outcomes: readonly Outcome<unknown>[]): void {
  for (const outcome of outcomes) unwrap(outcome);
}
