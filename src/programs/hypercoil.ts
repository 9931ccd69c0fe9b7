/** The executable: nothing imports it. */
import { run } from '../process/run.ts';
import { hypercoil } from './hypercoil-main.ts';

// argv0 is what the caller typed, where process.argv has the path of the executable itself
void run(hypercoil(process.argv0));
