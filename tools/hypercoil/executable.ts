import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { KOFFI_ASSET } from './koffi-addon.ts';
import { koffiAddon } from './koffi-plugin.ts';

const run = promisify(execFile);

/**
 * Makes a single executable of the CommonJS module `main` and of the Node that runs this; see
 * https://nodejs.org/api/single-executable-applications.html. `main` and `output` are names in the folder `scratch`:
 * stack traces show that of `main`, and nothing in the executable tells where it was built.
 */
export async function makeExecutable(main: string, output: string, scratch: string): Promise<void> {
  const executable = 'node';
  // before the program goes in: strip breaks an executable that has it, and a fifth of Node's size is symbols
  await run('strip', ['-o', executable, process.execPath], { cwd: scratch, timeout: 60_000 });
  await writeFile(
    join(scratch, 'sea.json'),
    JSON.stringify({
      main,
      output,
      executable,
      disableExperimentalSEAWarning: true,
      useCodeCache: true, // halves the time to a first answer
      execArgvExtension: 'none', // NODE_OPTIONS in an administrator's environment is meant for other programs
      assets: { [KOFFI_ASSET]: koffiAddon() },
    }),
  );
  await run(process.execPath, ['--build-sea', 'sea.json'], { cwd: scratch, timeout: 120_000 });
}
