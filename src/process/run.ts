import { errorText } from './error-text.ts';
import type { Main } from './program.ts';
import { stopOnSignals } from './signals.ts';

/** What a program that has returned may still keep open is not waited for any longer. */
const LINGER_MS = 1000;
/** As shells report a program that SIGPIPE ended. */
const PIPE_STATUS = 141;

/** Runs a program as this process: its arguments, its streams, its exit status. Only an entry file calls it. */
export async function run(main: Main): Promise<void> {
  const stop = stopOnSignals({ source: process, exit: process.exit });
  watchStreams();
  const { stdin, stdout, stderr, env } = process;
  try {
    process.exitCode = await main({ argv: process.argv.slice(2), env, stdin, stdout, stderr, signal: stop.signal });
  } catch (error) {
    const stack = error instanceof Error ? `${error.stack}\n` : '';
    stderr.write(`unexpected error, please report it: ${errorText(error)}\n${stack}`);
    process.exitCode = 1;
  }
  setTimeout(() => process.exit(), LINGER_MS).unref();
}

/** Results that cannot be written are a failure; a log that nobody reads is not. */
function watchStreams(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(PIPE_STATUS);
    process.stderr.write(`cannot write to standard output: ${errorText(error)}\n`);
    process.exit(1);
  });
  process.stderr.on('error', () => {});
}
