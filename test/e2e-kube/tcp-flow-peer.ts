/**
 * One end of a TCP connection that is in use all the time, run inside of a Pod's network. `tcp-flow-peer.ts echo PORT`
 * answers what it gets. `tcp-flow-peer.ts send PORT ADDRESS` sends a byte every few milliseconds until the connection
 * ends, and prints how many were answered, the longest time without an answer, and what ended it. Both end with their
 * standard input.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

const INTERVAL_MS = 10;
const CONNECT_MS = 5_000;

const inputEnds = once(process.stdin.resume(), 'end');
const [role, port, address] = process.argv.slice(2);
if (role === 'echo') {
  const server = createServer((socket) => socket.on('error', () => socket.destroy()).pipe(socket));
  server.listen(Number(port));
  await once(server, 'listening');
  process.stdout.write('ready\n');
  await inputEnds;
  process.exit();
} else {
  const socket = connect({ host: address!, port: Number(port), noDelay: true });
  await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_MS) });
  let [answered, longestGapMs, last] = [0, 0, performance.now()];
  let ended: string | undefined;
  const look = () => {
    longestGapMs = Math.max(longestGapMs, performance.now() - last);
  };
  socket.on('data', ({ length }) => {
    look();
    [answered, last] = [answered + length, performance.now()];
  });
  const { promise: over, resolve } = Promise.withResolvers<void>();
  socket.on('error', ({ message }) => (ended ??= message));
  socket.on('close', () => {
    ended ??= 'closed';
    resolve();
  });
  void inputEnds.then(() => resolve());
  const timer = setInterval(() => socket.write('x'), INTERVAL_MS);
  process.stdout.write('ready\n');
  await over;
  clearInterval(timer);
  look();
  process.stdout.write(`${JSON.stringify({ answered, longestGapMs: Math.round(longestGapMs), ended })}\n`);
  process.exit();
}
