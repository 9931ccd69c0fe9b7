// `node run-coil.ts` is the TypeScript client as a process of its own, with a test's deadline.
import { main } from '../../src/programs/coil.ts';
import { TEST_DEADLINES } from './build-launcher.ts';

const { argv, env, stdin, stdout, stderr } = process;
const io = { argv: argv.slice(2), env, stdin, stdout, stderr, signal: new AbortController().signal };
process.exitCode = await main(io, TEST_DEADLINES);
