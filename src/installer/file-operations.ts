import type { open, rename, rm } from 'node:fs/promises';

/** The calls that change files, as node:fs/promises has them. */
export interface FileOperations {
  readonly open: typeof open;
  readonly rename: typeof rename;
  readonly rm: typeof rm;
}
