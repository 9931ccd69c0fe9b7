import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

const TIMEOUT_MS = 10_000;

/** What a server answered to bytes. */
export interface RawAnswer {
  readonly status: number;
  readonly body: string;
}

/** Sends bytes to a socket, and reads to the end of the connection. */
export async function sendRaw(socketPath: string, bytes: string | Buffer): Promise<RawAnswer> {
  const socket = connect(socketPath);
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no end of the answer')));
  await once(socket, 'connect');
  socket.write(bytes);
  const answer = await text(socket);
  const [head = '', ...body] = answer.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), body: body.join('\r\n\r\n') };
}
