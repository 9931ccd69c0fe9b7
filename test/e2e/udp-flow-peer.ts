/**
 * One end of a flow of UDP datagrams, run inside of a network namespace. `udp-flow-peer.ts echo PORT` answers what it
 * gets. `udp-flow-peer.ts send PORT ADDRESS MS` sends a numbered datagram every MS milliseconds until standard input
 * ends, waits for what is under way, and prints how many it sent, and the numbers of those that were not answered.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

/** A queue of the kernel's that is not drained for a second while this process waits for its turn loses nothing. */
const BUFFER_BYTES = 4 * 1024 * 1024;
const LAST_ANSWERS_MS = 1_000;

const [role, port, address = '', interval] = process.argv.slice(2);
const socket = createSocket({ type: 'udp4', recvBufferSize: BUFFER_BYTES });
socket.bind(role === 'echo' ? Number(port) : 0);
await once(socket, 'listening');

if (role === 'echo') {
  socket.on('message', (data, from) => socket.send(data, from.port, from.address));
  process.stdout.write('ready\n');
} else {
  const lost = new Set<number>();
  let sent = 0;
  socket.on('message', (data) => void lost.delete(data.readUInt32BE()));
  const timer = setInterval(() => {
    const data = Buffer.alloc(4);
    data.writeUInt32BE(sent);
    lost.add(sent++);
    // where the kernel refuses to send, the number stays
    socket.send(data, Number(port), address, () => undefined);
  }, Number(interval));
  process.stdout.write('ready\n');
  process.stdin.resume();
  await once(process.stdin, 'end');
  clearInterval(timer);
  for (let waited = 0; lost.size > 0 && waited < LAST_ANSWERS_MS; waited += 10) await delay(10);
  process.stdout.write(`${JSON.stringify({ sent, lost: [...lost] })}\n`);
  socket.close();
}
