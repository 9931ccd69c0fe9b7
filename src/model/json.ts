import { CoilError } from './error.ts';

/** Whether `value` is a JSON object: not null, not a list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `JSON.parse` with what is wrong as an error of our own. @throws {CoilError} corrupt-data */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CoilError('corrupt-data', `not JSON: ${(cause as Error).message}`, { cause });
  }
}
