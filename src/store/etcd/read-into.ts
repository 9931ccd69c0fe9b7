import { CoilError } from '../../model/error.ts';

/** False where `read` found data that it cannot read: what is wrong goes into `unreadable`; without that, it is thrown. */
export function readInto(unreadable: CoilError[] | undefined, read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (!unreadable || !CoilError.is(error, 'corrupt-data')) throw error;
    unreadable.push(error);
    return false;
  }
}
