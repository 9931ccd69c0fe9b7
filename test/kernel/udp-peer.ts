/**
 * One end of a conversation by UDP, run inside of a network namespace: `echo PORT` answers what it gets; `probe PORT`
 * reads addresses from standard input, a line each, sends each one datagram, and prints `ADDRESS answered` or, after
 * a time in which none is sent again, `ADDRESS lost`.
 */
import { createSocket, type Socket } from 'node:dgram';
import { createInterface } from 'node:readline';

const ANSWER_WITHIN_MS = 800;

const [role, port] = [process.argv[2], Number(process.argv[3])];
const print = (line: string): void => void process.stdout.write(`${line}\n`);

function open(type: 'udp4' | 'udp6', localPort: number): Promise<Socket> {
  const socket = createSocket({ type, ipv6Only: type === 'udp6' });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(localPort, () => resolve(socket));
  });
}

async function echo(): Promise<void> {
  for (const type of ['udp4', 'udp6'] as const) {
    const socket = await open(type, port);
    socket.on('message', (data, from) => socket.send(data, from.port, from.address));
  }
}

async function probe(): Promise<void> {
  const sockets = { 4: await open('udp4', 0), 6: await open('udp6', 0) };
  createInterface(process.stdin).on('line', (address) => {
    const socket = sockets[address.includes(':') ? 6 : 4];
    const timer = setTimeout(() => print(`${address} lost`), ANSWER_WITHIN_MS);
    socket.once('message', () => {
      clearTimeout(timer);
      print(`${address} answered`);
    });
    socket.once('error', (error) => print(`${address} ${error.message}`));
    socket.send('ping', port, address);
  });
}

await (role === 'echo' ? echo() : probe());
print('ready');
