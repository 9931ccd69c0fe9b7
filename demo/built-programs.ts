import { join, resolve } from 'node:path';

const DIST = resolve(import.meta.dirname, '../dist');

/** What an administrator installs, as `make build` leaves it. */
export const PROGRAMS = { coil: join(DIST, 'coil'), coild: join(DIST, 'coild'), coilctl: join(DIST, 'coilctl') };
