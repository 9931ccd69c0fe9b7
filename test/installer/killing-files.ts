import type { FileHandle } from 'node:fs/promises';
import * as fs from 'node:fs/promises';
import type { FileOperations } from '../../src/installer/file-operations.ts';

/** The calls that change files; the one of that number, from 1 on, kills this process, a write when half is written. */
export function killingFiles(number: number): FileOperations {
  let calls = 0;
  const isLast = () => ++calls === number;
  const die = () => process.kill(process.pid, 'SIGKILL');
  const before =
    <A extends unknown[], R>(call: (...args: A) => R) =>
    (...args: A): R => {
      if (isLast()) die();
      return call(...args);
    };
  const wrap = (handle: FileHandle) => ({
    writeFile: async (content: Uint8Array) => {
      const last = isLast();
      await handle.writeFile(last ? content.subarray(0, content.length / 2) : content);
      if (last) die();
    },
    chmod: before(handle.chmod.bind(handle)),
    sync: before(handle.sync.bind(handle)),
    [Symbol.asyncDispose]: before(handle.close.bind(handle)),
  });
  const open = before(async (...args: Parameters<typeof fs.open>) => wrap(await fs.open(...args)));
  return { open, rename: before(fs.rename), rm: before(fs.rm) } as unknown as FileOperations;
}
