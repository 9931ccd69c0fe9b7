import type { Main } from '../process/program.ts';
import { VERSION } from '../process/version.ts';
import { chooseProgram, PROGRAMS, type ProgramName } from './program-choice.ts';

const USAGE = `usage: hypercoil PROGRAM [ARGUMENT...]
The programs are ${PROGRAMS.join(', ')}; each of them is also run by a link of its name to hypercoil.
'hypercoil PROGRAM --help' tells what it takes, 'hypercoil --version' prints the version.
`;

/** Loaded on demand, so that no program waits for the modules of another. */
const MAINS: Readonly<Record<ProgramName, () => Promise<Main>>> = {
  coil: async () => (await import('./coil.ts')).main,
  coild: async () => (await import('./coild.ts')).main,
  coilctl: async () => (await import('./coilctl.ts')).main,
  'coil-controller': async () => (await import('./coil-controller.ts')).main,
  'coil-installer': async () => (await import('./coil-installer.ts')).main,
};

/** All programs in one; `calledAs` is the name or path by which the executable was called. */
export function hypercoil(calledAs: string): Main {
  return async (io) => {
    const choice = chooseProgram(calledAs, io.argv);
    if (choice !== undefined) return (await MAINS[choice.program]())({ ...io, argv: choice.argv });
    const [first] = io.argv;
    if (first === '--version') {
      io.stdout.write(`hypercoil ${VERSION}\n`);
      return 0;
    }
    if (first === '--help' || first === '-h') {
      io.stdout.write(USAGE);
      return 0;
    }
    io.stderr.write(first === undefined ? USAGE : `hypercoil: there is no program ${JSON.stringify(first)}\n${USAGE}`);
    return 2;
  };
}
