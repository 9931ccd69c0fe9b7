import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';

const { R_OK, W_OK, X_OK } = constants;

/**
 * What in the file system keeps this process from using the database at `path`, with mode and owner; undefined where
 * nothing does. Looks only: to open the file would drop the locks that this process has on it (POSIX).
 */
export function obstacleTo(path: string): string | undefined {
  const folder = dirname(path);
  const search = refusal(folder, X_OK);
  if (search !== undefined) return `${search} to search the folder ${folder} ${described(folder)}`;
  if (isFolder(path)) return `${path} is a folder`;
  // what it needs beside the file itself stands in the same folder
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    const use = refusal(file, R_OK | W_OK);
    if (use !== undefined) return `${use} to read and write ${file} ${described(file)}`;
  }
  const write = refusal(folder, W_OK);
  return write && `${write} to write the folder ${folder}, where its log is to be ${described(folder)}`;
}

/** Why the file may not be used so; undefined where it may, or is not there. */
function refusal(path: string, mode: number): string | undefined {
  try {
    accessSync(path, mode);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EROFS') return 'no way, as the file system is read-only,';
    return code === 'EACCES' || code === 'EPERM' ? 'no permission' : undefined;
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** `(mode 0600, owner 0:0; this process is 1000:1000)` */
function described(path: string): string {
  const user = `this process is ${process.getuid?.()}:${process.getgid?.()}`;
  try {
    const { mode, uid, gid } = statSync(path);
    return `(mode ${(mode & 0o7777).toString(8).padStart(4, '0')}, owner ${uid}:${gid}; ${user})`;
  } catch {
    return `(${user})`; // a folder above it may not be searched
  }
}
