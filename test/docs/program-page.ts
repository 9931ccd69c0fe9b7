import assert from 'node:assert/strict';

/** A name and what goes with it, in the order of the names. */
export type Rows = readonly (readonly [name: string, value: string])[];

/** Flags and defaults that a help text tells. */
export function flagsOfHelp(help: string): Rows {
  const parts = help.split(/^\s+(?:-\w, )?--(?=[a-z])/m).slice(1);
  const flags = parts.map((part) => [/^[a-z-]+/.exec(part)![0], /\[default: "(.*)"\]/.exec(part)?.[1] ?? ''] as const);
  assert.ok(flags.length > 2, help);
  return flags.sort();
}

/** Flags and defaults of a page's table. */
export function flagsOfPage(page: string): Rows {
  const rows = page.matchAll(/^\| `--([a-z-]+)`(?:, `-\w`)? \| (?:`(.*?)`)? ?\|/gm);
  return [...rows].map(([, name, value = '']) => [name!, value] as const).sort();
}

/** Lines that a program's source logs, but for debugging, with their levels. */
export function linesOfSource(source: string): Rows {
  const calls = [...source.matchAll(/logger\.(info|warn|error)\(\s*(['"])(.*?)\2/g)];
  const lines = new Map(calls.map(([, level, , message]) => [message!, level === 'warn' ? 'warning' : level!]));
  assert.ok(lines.size > 10);
  return [...lines].sort();
}

/** Lines of the log that a page's table has, with their levels. */
export function linesOfPage(page: string): Rows {
  const rows = [...page.matchAll(/^\| (`[^|]+`) \| (info|warning|error) \|/gm)];
  return rows
    .flatMap(([, lines, level]) => [...lines!.matchAll(/`(.*?)`/g)].map(([, one]) => [one!, level!] as const))
    .sort();
}
