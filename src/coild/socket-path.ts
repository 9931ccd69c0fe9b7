import { UsageError } from '../process/usage-error.ts';

/** sockaddr_un has 108 bytes with the NUL (unix(7)); the names that a socket has before and after are 15 longer. */
const MAX_BYTES = 107 - 15;

/** Path of a Unix socket that is to be made. @throws {UsageError} */
export function parseSocketPath(flag: string, text: string): string {
  if (text !== '' && !text.endsWith('/') && !text.includes('\0') && Buffer.byteLength(text) <= MAX_BYTES) return text;
  throw new UsageError(
    `${flag} ${JSON.stringify(text)} is not a path of at most ${MAX_BYTES} bytes, such as /run/coil/coild.sock`,
  );
}
