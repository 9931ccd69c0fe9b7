import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

/** Replaces koffi's loader, which looks for its addon in node_modules, by one that takes it from the executable. */
export const koffiPlugin: Plugin = {
  name: 'koffi-addon-from-asset',
  setup({ onResolve }) {
    const addonLoader = join(import.meta.dirname, 'koffi-addon.ts');
    onResolve({ filter: /\/src\/static\.c?js$/ }, ({ importer }) =>
      /\/node_modules\/koffi\//.test(importer) ? { path: addonLoader } : undefined,
    );
  },
};

/** The file name of koffi's prebuilt addon for this machine's architecture and Node's C library, glibc. */
export function koffiAddon(): string {
  const platform = `@koromix/koffi-${process.platform}-${process.arch}`;
  const folder = dirname(fileURLToPath(import.meta.resolve(platform)));
  const built = readdirSync(folder).find((name) => name.startsWith(`${process.platform}_`));
  if (built === undefined) throw new Error(`${platform} holds no addon for ${process.platform} with glibc`);
  return join(folder, built, 'koffi.node');
}
