/** Listens on a TCP port of all addresses, and answers each connection with a text: `tcp-answer.ts PORT TEXT`. */
import { createServer } from 'node:net';

const [port, text = ''] = process.argv.slice(2);

createServer((socket) => {
  socket.on('error', () => socket.destroy());
  socket.end(text);
}).listen(Number(port), '0.0.0.0', () => process.stdout.write('listening\n'));
