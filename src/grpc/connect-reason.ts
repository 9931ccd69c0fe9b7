/**
 * Why there is no connection, in one line, for an administrator.
 * @param error of the socket or of HTTP/2, if any
 * @param inHandshake whether that was before TLS's handshake was over
 */
export function connectReason(error: Error | undefined, { inHandshake = false } = {}): string {
  if (!error) return 'the server closed the connection before it answered';
  // a server that speaks HTTP closes the connection, or resets it: the same, but for what it had not read yet
  if (inHandshake && (error as NodeJS.ErrnoException).code === 'ECONNRESET')
    return `TLS: the server ended the connection within the handshake; does it take TLS at this port? (${error.message})`;
  // a name with several addresses; its own message is empty
  if (error instanceof AggregateError) return error.errors.map((each: Error) => connectReason(each)).join(', ');
  const { code, reason } = error as NodeJS.ErrnoException & { reason?: unknown };
  // errors of HTTP/2's framing name only that: 'Protocol error'
  if (code === 'ERR_HTTP2_ERROR') return `the server does not speak HTTP/2 (${error.message})`;
  if (!code?.startsWith('ERR_SSL_')) return error.message;
  // OpenSSL's message is a list of numbers and source lines
  const what = typeof reason === 'string' ? reason : error.message;
  return /ALERT/.test(code) ? `TLS: the server refused us: ${what}` : `TLS: ${what}`;
}
