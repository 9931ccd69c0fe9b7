import { constants, type FileHandle, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { encodeSpooled, MAX_SPOOLED, MAX_SPOOLED_BYTES, type SpooledCall, spoolFileName } from '../spooled-del.ts';
import { systemText } from './coild-failure.ts';

const { O_CREAT, O_DIRECTORY, O_NOFOLLOW, O_RDONLY, O_TRUNC, O_WRONLY } = constants;
const OTHERS_MAY_WRITE = 0o022;

/** A DEL that coild did not take, and whose it is. */
export interface DelToSpool extends SpooledCall {
  readonly containerId: string | undefined;
  readonly ifname: string | undefined;
}

/** Keeps the call in `folder`, in the place of an earlier one for the same interface. Gives why that cannot be done. */
export async function spoolDel(folder: string, del: DelToSpool): Promise<string | undefined> {
  const { containerId, ifname } = del;
  if (!containerId || !ifname) return 'CNI_CONTAINERID or CNI_IFNAME is not set';
  const bytes = encodeSpooled(del);
  if (bytes.length > MAX_SPOOLED_BYTES) return `the call is ${bytes.length} bytes, more than ${MAX_SPOOLED_BYTES}`;
  try {
    await using handle = await openSpool(folder);
    const { uid, mode } = await handle.stat();
    if (uid !== process.geteuid?.() || (mode & OTHERS_MAY_WRITE) !== 0) return 'others than this user may write there';
    const name = spoolFileName(containerId, ifname);
    const others = (await readdir(folder)).filter((other) => other !== name).length;
    if (others >= MAX_SPOOLED) return `${MAX_SPOOLED} calls wait there already`;
    await write(join(folder, name), bytes);
    await handle.sync();
    return undefined;
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException;
    if (errno === undefined) throw error;
    return systemText(errno);
  }
}

async function openSpool(folder: string): Promise<FileHandle> {
  // /run/coil is not there where coild never ran since the node's start
  await mkdir(dirname(folder), { mode: 0o700 }).catch(() => undefined);
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  return await open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

/** Under a name of its own first: whenever this is killed, what is there by `path` is whole. */
async function write(path: string, bytes: Buffer): Promise<void> {
  const partial = `${path.slice(0, -'.del'.length)}.${process.pid}.tmp`;
  try {
    await using file = await open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
    await file.writeFile(bytes);
    await file.sync();
    await rename(partial, path);
  } catch (error) {
    await unlink(partial).catch(() => undefined);
    throw error;
  }
}
