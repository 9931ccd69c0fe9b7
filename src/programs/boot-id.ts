import { readFile } from 'node:fs/promises';

/** The kernel's name for this boot, a UUID; that of the machine in a container too. */
export async function bootId(): Promise<string> {
  const text = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  if (text === '') throw new Error('/proc/sys/kernel/random/boot_id is empty');
  return text;
}
