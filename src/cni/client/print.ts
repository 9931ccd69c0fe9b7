import type { Writable } from 'node:stream';

const PRINT_MS = 5000;

/** Writes to standard output; false where it did not take it all in 5 seconds (disk full, reader gone or stuck). */
export function print(stdout: Writable, content: string | Uint8Array): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, PRINT_MS, false);
  stdout.on('error', () => resolve(false));
  stdout.write(content, (error) => resolve(error === null || error === undefined));
  return promise.finally(() => clearTimeout(timer));
}
