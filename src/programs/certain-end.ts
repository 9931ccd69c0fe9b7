import { STOPPED_MS } from '../coild/coild.ts';
import { exitNow } from '../netlink/syscalls.ts';
import type { Logger } from '../process/logger.ts';

/** Then what is open is closed, which may have to wait for the kernel, too. */
const END_MS = STOPPED_MS + 1000;

/**
 * Until it is disposed of, coild ends although the kernel keeps a worker thread, for which Node would wait: a while after
 * `signal` is aborted, with status 1, and whenever it is to exit at once.
 */
export function certainEnd(signal: AbortSignal, logger: Pick<Logger, 'error'>): Disposable {
  let timer: NodeJS.Timeout | undefined;
  const begin = () => {
    timer = setTimeout(() => {
      logger.error('coild ends without what the kernel keeps waiting');
      exitNow(1);
    }, END_MS);
  };
  signal.addEventListener('abort', begin, { once: true });
  process.once('exit', exitNow);
  return {
    [Symbol.dispose]: () => {
      signal.removeEventListener('abort', begin);
      clearTimeout(timer);
      process.off('exit', exitNow);
    },
  };
}
