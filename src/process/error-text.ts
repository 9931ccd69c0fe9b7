/** How far a chain of causes is followed: longer ones are loops. */
const MAX_DEPTH = 8;

/**
 * An error in one line, with what led to it: `cannot read pools (store-unavailable): connect ECONNREFUSED ::1:2379
 * (errno -111)`. A code or errno that the message already has is not said again.
 */
export function errorText(error: unknown): string {
  return describe(error, MAX_DEPTH);
}

function describe(error: unknown, depth: number): string {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : (JSON.stringify(error) ?? String(error));
  const own = `${error.message || error.name}${annotations(error)}`;
  if (depth === 0) return own;
  const causes = error instanceof AggregateError ? [...error.errors, error.cause] : [error.cause];
  const texts = causes.filter((cause) => cause !== undefined).map((cause) => describe(cause, depth - 1));
  // many wrap an error with its own text: "cannot reach etcd: connect ECONNREFUSED"
  const news = [...new Set(texts)].filter((text) => !own.endsWith(text));
  return news.length === 0 ? own : `${own}: ${news.join('; ')}`;
}

function annotations(error: Error & { readonly code?: unknown; readonly errno?: unknown }): string {
  const { code, errno, message } = error;
  const parts = [
    ...(code === undefined || message.includes(String(code)) ? [] : [String(code)]),
    ...(errno === undefined || errno === code ? [] : [`errno ${errno}`]),
  ];
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}
