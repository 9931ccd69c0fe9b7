import type { LogFields } from '../process/logger.ts';
import type { FileContent } from './replace-file.ts';

/** One change of the node. Each is done whole or not at all, and leaves nothing to do when it is done again. */
export type Step =
  | { readonly do: 'set-sysctl'; readonly name: string; readonly value: string }
  | ({ readonly do: 'write' } & FileContent)
  /** Within a folder. Where there is a file at `to` already, it has the same content. */
  | { readonly do: 'move'; readonly from: string; readonly to: string }
  | { readonly do: 'remove'; readonly path: string };

/** What the administrator should know, and nothing is done about. */
export interface Notice {
  readonly level: 'info' | 'warn';
  readonly message: string;
  readonly fields: LogFields;
}

/** What is to be done to a node, in that order. Killed after any step, a new plan goes on from there. */
export interface Plan {
  readonly steps: readonly Step[];
  readonly notices: readonly Notice[];
}
