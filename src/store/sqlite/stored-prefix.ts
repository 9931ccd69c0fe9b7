import { CoilError } from '../../model/error.ts';
import { IpPrefix } from '../../model/ip-prefix.ts';

/** A prefix out of a row. @throws {CoilError} corrupt-data: somebody else than Coil wrote it */
export function storedPrefix(text: string): IpPrefix {
  const prefix = IpPrefix.tryParse(text);
  if (!prefix) throw new CoilError('corrupt-data', `the database holds a prefix that is none: ${JSON.stringify(text)}`);
  return prefix;
}
