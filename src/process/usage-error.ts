/** The command line, or the environment beside it, is not what the program takes. The message names the flag. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
