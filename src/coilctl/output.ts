import { optionalChoiceFlag } from '../process/flag.ts';
import { yamlText } from '../process/yaml-text.ts';
import { type Table, tableText } from './table-text.ts';

const FORMATS = ['table', 'json', 'yaml'] as const;
export type OutputFormat = (typeof FORMATS)[number];

/** Of every command that reads; without it the output is v1's. */
export const OUTPUT_FLAG = {
  output: optionalChoiceFlag({ describe: 'Another layout of the output', short: 'o', choices: FORMATS }),
} as const;

/** What a command found, for every format. */
export interface Report {
  /** For programs: members are named as in the datastore, and none is ever left out. */
  readonly data: object;
  readonly table: Table;
}

/** JSON is indented as v1's. */
export async function reportText(format: OutputFormat, { data, table }: Report): Promise<string> {
  switch (format) {
    case 'json':
      return `${JSON.stringify(data, null, 4)}\n`;
    case 'yaml':
      return await yamlText(data);
    case 'table':
      return tableText(table);
  }
}
