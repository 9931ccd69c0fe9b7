/**
 * A DEL that coild did not take is kept as a file: the HTTP request as it would have been sent. launcher/spool.h has
 * the same names, bounds and bytes.
 */

/** Of files. */
export const MAX_SPOOLED = 4096;
/** Of a file. */
export const MAX_SPOOLED_BYTES = 32 * 1024;

const REQUEST_LINE = 'POST /cni HTTP/1.1';
const END_OF_HEAD = '\r\n\r\n';
const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;

/** The folder of a coild, beside its socket: whoever reaches one reaches the other, and two coilds have two. */
export function spoolFolder(socketPath: string): string {
  return `${socketPath}.spool`;
}

/**
 * One name an interface, so that a DEL that is repeated takes the place of the first: FNV-1a of 64 bits, in hexadecimal.
 * No text of the call becomes part of a path.
 */
export function spoolFileName(containerId: string, ifname: string): string {
  let hash = FNV_OFFSET;
  for (const byte of Buffer.from(`${containerId}\0${ifname}\0`)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * FNV_PRIME);
  }
  return `${hash.toString(16).padStart(16, '0')}.del`;
}

/** A call as it goes to coild: headers with a character a byte, and the body. */
export interface SpooledCall {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export function encodeSpooled({ headers, body }: SpooledCall): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return Buffer.concat([Buffer.from([REQUEST_LINE, ...lines, '\r\n'].join('\r\n'), 'latin1'), body]);
}

/** With the names of headers in lower case; undefined where it is no such call, or not a whole one. */
export function decodeSpooled(bytes: Buffer): SpooledCall | undefined {
  const end = bytes.indexOf(END_OF_HEAD);
  const [first, ...lines] = bytes.subarray(0, Math.max(end, 0)).toString('latin1').split('\r\n');
  if (first !== REQUEST_LINE) return undefined;
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon <= 0) return undefined;
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const body = bytes.subarray(end + END_OF_HEAD.length);
  return headers['content-length'] === String(body.length) ? { headers, body } : undefined;
}
