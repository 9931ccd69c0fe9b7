/** Rows of cells below a headline. A cell without a value is printed as `-`, so that every row has all its columns. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number | undefined)[])[];
}

/** Aligned columns, two blanks apart: numbers to the right, all else to the left. */
export function tableText({ head, rows }: Table): string {
  const lines = [head, ...rows.map((row) => row.map((cell) => String(cell === '' ? '-' : (cell ?? '-'))))];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const numeric = head.map((_, column) => rows.every((row) => typeof row[column] === 'number'));
  const pad = (cell: string, column: number) =>
    numeric[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!);
  return lines.map((line) => `${line.map(pad).join('  ').trimEnd()}\n`).join('');
}
