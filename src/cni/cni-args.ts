import { CNI_CODE, CniError } from './cni-error.ts';
import { quoted } from './quoted.ts';

/**
 * `CNI_ARGS`: `K=V` pairs, separated by semicolons (CNI SPEC.md 1.1.0, section 2 "Parameters").
 * @throws {CniError} invalidEnvironment
 */
export function parseCniArgs(text: string): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  for (const pair of text.split(';')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    if (equals <= 0) {
      throw new CniError(CNI_CODE.invalidEnvironment, `CNI_ARGS has a part that is not KEY=VALUE: ${quoted(pair)}`);
    }
    pairs.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
  return pairs;
}
