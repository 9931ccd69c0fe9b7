import type { Readable } from 'node:stream';
import { CNI_CODE, CniError } from '../cni-error.ts';

const MAX_BYTES = 512 * 1024;
const MAX_DEPTH = 128;
const MAX_TEXT = 255;

/** A network configuration of which only the outermost shape is known; coild validates the rest. */
export type NetworkConfiguration = Readonly<Record<string, unknown>>;

/**
 * Reads the network configuration to its end. What is too much is read as well, and dropped, so that the error can
 * name the size and the runtime does not get EPIPE.
 *
 * @throws {CniError} io, invalidNetworkConfig
 */
export async function readNetworkConfiguration(stdin: Readable, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const abort = () => stdin.destroy(new Error('it did not end in time'));
  signal.addEventListener('abort', abort, { once: true });
  try {
    for await (const chunk of stdin) {
      const bytes = Buffer.from(chunk);
      size += bytes.length;
      if (size <= MAX_BYTES) chunks.push(bytes);
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = 'cannot read the network configuration from standard input';
    throw new CniError(CNI_CODE.io, message, why, { cause });
  } finally {
    signal.removeEventListener('abort', abort);
  }
  if (size <= MAX_BYTES) return Buffer.concat(chunks);
  throw new CniError(
    CNI_CODE.invalidNetworkConfig,
    `the network configuration is ${size} bytes, more than ${MAX_BYTES}`,
  );
}

/** @throws {CniError} decode where it is not one JSON object, or nested deeper than coil.c goes */
export function parseNetworkConfiguration(bytes: Buffer): NetworkConfiguration {
  const value = tryParse(bytes.toString('utf8'));
  if (isObject(value) && !isDeeperThan(value, MAX_DEPTH)) return value;
  throw new CniError(
    CNI_CODE.decode,
    'the network configuration on standard input is not a JSON object',
    `it is malformed, or nested deeper than ${MAX_DEPTH}`,
  );
}

/**
 * A member that is text, or undefined where it is absent. Both members that the client reads are used in messages or
 * system calls, so they are printable ASCII and short.
 *
 * @throws {CniError} invalidNetworkConfig, naming the member
 */
export function textMember(netconf: NetworkConfiguration, name: 'cniVersion' | 'coild'): string | undefined {
  const value = netconf[name];
  if (value === undefined) return undefined;
  if (typeof value === 'string' && value.length <= MAX_TEXT && /^[ -~]*$/.test(value)) return value;
  throw new CniError(
    CNI_CODE.invalidNetworkConfig,
    `${name} in the network configuration must be a string of at most ${MAX_TEXT} printable ASCII characters`,
  );
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is NetworkConfiguration {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeperThan(member, levels - 1));
}
