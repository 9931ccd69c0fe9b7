import { isBuiltin } from 'node:module';
import { build } from 'esbuild';
import { koffiPlugin } from './koffi-plugin.ts';
import { kubernetesPlugin } from './kubernetes-plugin.ts';
import { yargsPlugin } from './yargs-plugin.ts';

/** What a bundled ES module asks for as import.meta.url: every module is the executable now. */
const MODULE_URL = "const moduleUrl = require('node:url').pathToFileURL(__filename).href;";

/**
 * Bundles the program at `entry`, a path relative to the folder `root`, and all that it imports into `outfile`.
 * Returns the files that it was made of, relative to `root`. Fails where a module would be missing in the executable.
 *
 * The format is CommonJS because import() then costs nothing until it runs: in an ES module every node: module that
 * any program imports is loaded before the first line runs, which doubles the time to a first answer. In return, no
 * module may use a top-level await.
 */
export async function bundle(root: string, entry: string, outfile: string): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node26',
    format: 'cjs',
    keepNames: true,
    define: { 'import.meta.url': 'moduleUrl', 'import.meta.dirname': '__dirname' },
    banner: { js: MODULE_URL },
    plugins: [koffiPlugin, kubernetesPlugin, yargsPlugin],
    metafile: true,
    logLevel: 'warning',
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const missing = new Set(imports.map(({ path }) => path).filter((path) => !isBuiltin(path)));
  if (missing.size > 0) throw new Error(`not bundled, so missing in the executable: ${[...missing].join(', ')}`);
  return Object.keys(metafile.inputs);
}
