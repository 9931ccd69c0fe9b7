type FileAction = 'read' | 'write' | 'rename' | 'remove' | 'list';

/** A file of the node could not be read or changed. The cause is the system's error, with its code: ENOSPC, EROFS. */
export class FileError extends Error {
  override readonly name = 'FileError';

  constructor(action: FileAction, path: string, cause: unknown, advice = '') {
    super(`cannot ${action} ${path}${advice && ` (${advice})`}`, { cause });
  }
}

/** `ENOENT` of a system's error. */
export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
