/** How far a chain of causes is followed: longer ones are loops. */
const MAX_DEPTH = 8;

/**
 * An error in one line, with what led to it: `cannot read pools (store-unavailable): connect ECONNREFUSED ::1:2379
 * (errno -111)`. A code or errno that the message already has is not said again.
 */
export function errorText(error: unknown): string {
  return describe(error, '', MAX_DEPTH);
}

/** @param said what stands before; many wrap an error with its own text: "cannot reach etcd: connect ECONNREFUSED" */
function describe(error: unknown, said: string, depth: number): string {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : (JSON.stringify(error) ?? String(error));
  const message = error.message || error.name;
  const own = said.includes(`: ${message}`) ? annotations(error, said) : `${message}${annotations(error, message)}`;
  if (depth === 0) return own;
  const causes = error instanceof AggregateError ? [...error.errors, error.cause] : [error.cause];
  const texts = causes.filter((cause) => cause !== undefined).map((cause) => describe(cause, said + own, depth - 1));
  const news = [...new Set(texts)].filter((text) => text !== '');
  if (news.length === 0) return own;
  // an errno alone belongs to the text that it annotates
  return own === '' || news.every((text) => text.startsWith(' (')) ? own + news.join('') : `${own}: ${news.join('; ')}`;
}

/** Its code and errno, as far as `said` does not have them. */
function annotations(error: Error & { readonly code?: unknown; readonly errno?: unknown }, said: string): string {
  const { code, errno } = error;
  const parts = [
    ...(code === undefined || said.includes(String(code)) ? [] : [String(code)]),
    ...(errno === undefined || errno === code || said.includes(`errno ${errno}`) ? [] : [`errno ${errno}`]),
  ];
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}
