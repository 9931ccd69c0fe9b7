import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

/**
 * yargs reads its messages from files beside its own module, through what y18n calls its platform shim. The executable
 * carries the English ones, and looks for no others: neither the locale nor a folder on the host changes what it prints.
 */
export const yargsPlugin: Plugin = {
  name: 'yargs-messages-inlined',
  setup({ onLoad }) {
    onLoad({ filter: /\/node_modules\/y18n\/build\/lib\/platform-shims\/node\.js$/ }, () => ({
      contents: shim(readFileSync(messages(), 'utf8')),
      loader: 'js',
      watchFiles: [messages()],
    }));
  },
};

function messages(): string {
  return join(fileURLToPath(import.meta.resolve('yargs')), '../locales/en.json');
}

function shim(english: string): string {
  return `
    import { resolve } from 'node:path';
    import { format } from 'node:util';
    const english = ${JSON.stringify(english)};
    export default {
      fs: { readFileSync: () => english, writeFile: () => {} },
      format,
      resolve,
      exists: () => true,
    };
  `;
}
