import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { FileError } from './file-error.ts';
import type { FileOperations } from './file-operations.ts';

const PREFIX = '.coil-installer-';
/** Runtimes read `.conf`, `.conflist` and `.json` of net.d. */
const SUFFIX = '.tmp';

export interface FileContent {
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly content: Uint8Array;
}

/** Whether a file is one that `replaceFile` was killed over. */
export function isLeftover(name: string): boolean {
  return name.startsWith(PREFIX) && name.endsWith(SUFFIX);
}

/**
 * Puts a file in the place of the one at `path`, if there is one. Readers see the former one or the new one, whole, and
 * so does whoever comes after a crash. An executable that is running may be replaced. Durable when it resolves.
 * @throws {FileError}
 */
export async function replaceFile({ path, mode, content }: FileContent, files: FileOperations): Promise<void> {
  const temporary = join(dirname(path), `${PREFIX}${randomUUID()}${SUFFIX}`);
  try {
    await writeNew({ path: temporary, mode, content }, files);
    await files.rename(temporary, path);
    await syncFolderOf(path, files);
  } catch (error) {
    await files.rm(temporary, { force: true }).catch(() => {}); // the next run tries again
    throw new FileError('write', path, error);
  }
}

/** Makes it last that names in the folder of `path` have changed. */
export async function syncFolderOf(path: string, files: FileOperations): Promise<void> {
  await using folder = await files.open(dirname(path), 'r');
  await folder.sync();
}

async function writeNew({ path, mode, content }: FileContent, files: FileOperations): Promise<void> {
  await using file = await files.open(path, 'wx', mode);
  await file.writeFile(content);
  await file.chmod(mode); // whatever the umask took away
  await file.sync();
}
