import type { CoilError } from '../model/error.ts';

/** Which process serves a node, as it says of itself. */
export interface NodeHolder {
  /** A random UUID, of the process. */
  readonly id: string;
  /** The kernel's name for the boot that it runs in. */
  readonly bootId: string;
  /** Name of its host, for the administrator who has to find it. */
  readonly host: string;
  readonly version: string;
  /** When it began to serve, RFC 3339. */
  readonly since: string;
}

/** `held`: until the time is over. Otherwise nothing was changed. */
export type HoldOutcome =
  | { readonly outcome: 'held' }
  | { readonly outcome: 'taken'; readonly by: Pick<NodeHolder, 'host' | 'since'> }
  /** Nobody can tell whose session it is, or whether it is one: it stays until it is deleted. */
  | { readonly outcome: 'unreadable'; readonly error: CoilError };

/**
 * The port by which no two machines serve one node. A session ends by itself when it is not held anew in time; who
 * runs in the same boot as its holder may take it, since processes of one machine agree among themselves.
 * Calls end with `signal` or after the implementation's own deadline. @throws {CoilError} store-unavailable
 */
export interface NodeSessions {
  /** Takes the session of `node`, or holds it anew. */
  hold(node: string, holder: NodeHolder, signal: AbortSignal): Promise<HoldOutcome>;
  /** Gives it back; nothing where another has it. */
  end(node: string, signal: AbortSignal): Promise<void>;
}

/** A session that is not held anew for so long is over, in seconds. */
export const SESSION_SECONDS = 15;
