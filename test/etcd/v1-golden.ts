import { readFileSync } from 'node:fs';

/** Every key, without its prefix, and value that a Coil v1.1.4 left: test/golden/v1-etcd.jsonl. */
export const V1_GOLDEN: Readonly<Record<string, string>> = Object.fromEntries(
  readFileSync(new URL('../golden/v1-etcd.jsonl', import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line): { key: string; value: string } => JSON.parse(line))
    .map(({ key, value }) => [key.replace(/^\/coil\//, ''), value]),
);
