/**
 * One end of a TCP connection that carries as much as it can, run inside of a Pod's network. `throughput-peer.ts pour PORT
 * ADDRESS` sends until the connection ends. `throughput-peer.ts sink PORT SKIP MS` takes one connection, and prints how
 * many bytes came in the milliseconds after the first SKIP bytes. Both end with their standard input.
 */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const PIECE = Buffer.alloc(256 * 1024);
const CONNECT_MS = 5_000;

process.stdin.resume().on('end', () => process.exit());
const [role, port, ...rest] = process.argv.slice(2);
if (role === 'pour') {
  const socket = connect({ host: rest[0]!, port: Number(port) });
  await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_MS) });
  // the other side has seen enough when it closes
  socket.on('error', () => undefined).on('close', () => process.exit());
  const pour = () => {
    while (socket.write(PIECE));
  };
  socket.on('drain', pour);
  pour();
} else {
  const [skip, ms] = rest.map(Number) as [number, number];
  const server = createServer().listen(Number(port));
  await once(server, 'listening');
  process.stdout.write('ready\n');
  const [socket] = (await once(server, 'connection')) as [Socket];
  const skipped = Promise.withResolvers<void>();
  socket.on('data', () => socket.bytesRead >= skip && skipped.resolve());
  await skipped.promise;
  const [before, started] = [socket.bytesRead, performance.now()];
  await delay(ms);
  const report = { bytes: socket.bytesRead - before, ms: performance.now() - started };
  process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit());
}
