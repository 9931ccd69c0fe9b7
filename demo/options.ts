import { parseArgs } from 'node:util';
import { MEDIA, type Medium } from './datastore.ts';

export interface DemoOptions {
  readonly medium: Medium;
  /** Whether to wait, with everything in place, until Ctrl-C. */
  readonly keep: boolean;
}

export const USAGE = `usage: node demo/demo.ts [--store=sqlite|etcd] [--keep]
By make: make demo [STORE=etcd] [KEEP=1]
`;

/** @throws {Error} naming what is wrong */
export function parseOptions(args: string[]): DemoOptions {
  const options = { store: { type: 'string', default: 'sqlite' }, keep: { type: 'boolean', default: false } } as const;
  const { store, keep } = parseArgs({ args, options, strict: true }).values;
  const medium = MEDIA.find((known) => known === store);
  if (medium === undefined) throw new Error(`--store takes ${MEDIA.join(' or ')}, not ${JSON.stringify(store)}`);
  return { medium, keep };
}
