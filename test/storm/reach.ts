/** Run inside of a node's namespace: `reach.ts PORT ADDRESS...` connects to all, and prints those that do not answer. */
import { once } from 'node:events';
import { connect } from 'node:net';

const ANSWER_WITHIN_MS = 3_000;

const [port, ...addresses] = process.argv.slice(2);

async function reaches(host: string): Promise<boolean> {
  const socket = connect({ host, port: Number(port) });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

const found = await Promise.all(addresses.map(async (address) => [address, await reaches(address)] as const));
for (const [address, isReached] of found) if (!isReached) process.stdout.write(`${address}\n`);
