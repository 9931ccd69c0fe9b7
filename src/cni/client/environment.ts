import { CNI_COMMANDS, type CniCommand, isCniCommand } from '../cni-command.ts';
import { CNI_CODE, CniError } from '../cni-error.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Every CNI variable, and the header that carries it to coild. A variable that is set, if empty, is sent. */
const HEADERS = [
  ['CNI_COMMAND', 'CNI-Command'],
  ['CNI_CONTAINERID', 'CNI-Containerid'],
  ['CNI_NETNS', 'CNI-Netns'],
  ['CNI_IFNAME', 'CNI-Ifname'],
  ['CNI_ARGS', 'CNI-Args'],
  ['CNI_PATH', 'CNI-Path'],
] as const;

/** Of the 16 KiB that an HTTP head may be (node:http's default), what is left for the CNI variables. */
const MAX_HEADER_BYTES = 16 * 1024 - 256;

/**
 * The command, once no variable holds what a header cannot carry. All else about the variables is coild's to judge.
 *
 * @throws {CniError} invalidEnvironment, naming the variable
 */
export function checkEnvironment(env: Environment): CniCommand {
  for (const [variable] of HEADERS) {
    if (!Buffer.from(env[variable] ?? '').some((byte) => byte < 0x20 || byte === 0x7f)) continue;
    throw invalid(`${variable} holds a control character, such as a line break`);
  }
  const command = env.CNI_COMMAND ?? '';
  if (command === '') throw invalid('CNI_COMMAND is not set');
  if (isCniCommand(command)) return command;
  throw invalid(`CNI_COMMAND is ${printable(command)}, not one of ${CNI_COMMANDS.join(', ')}`);
}

/**
 * The CNI variables as HTTP headers. node:http writes header text as latin1: so that coild gets the very bytes that
 * the runtime gave, each byte becomes one character.
 *
 * @throws {CniError} invalidEnvironment where they are too long together, naming the longest
 */
export function cniHeaders(env: Environment): Record<string, string> {
  const headers: Record<string, string> = {};
  let total = 0;
  let longest = { variable: '', bytes: 0 };
  for (const [variable, header] of HEADERS) {
    const value = env[variable];
    if (value === undefined) continue;
    const bytes = Buffer.byteLength(value);
    if (bytes > longest.bytes) longest = { variable, bytes };
    total += header.length + bytes + ': \r\n'.length;
    headers[header] = Buffer.from(value).toString('latin1');
  }
  if (total <= MAX_HEADER_BYTES) return headers;
  throw invalid(
    `${longest.variable} is ${longest.bytes} bytes, too long to hand over`,
    `the CNI variables may be ${MAX_HEADER_BYTES} bytes as HTTP headers, and are ${total}`,
  );
}

/** The first 64 bytes, with U+FFFD for each that is not printable ASCII, as coil.c prints them. */
function printable(text: string): string {
  return Buffer.from(text)
    .subarray(0, 64)
    .toString('latin1')
    .replaceAll(/[^ -~]/g, '\ufffd');
}

function invalid(msg: string, details?: string): CniError {
  return new CniError(CNI_CODE.invalidEnvironment, msg, details);
}
