import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Who has connected and still says nothing after so many looks, a millisecond or more apart, has no request under way.
 * Not a time: a process that does not get the processor, on a busy node, has not looked.
 */
const LOOKS = 200;
const LOOK_MS = 1;

/**
 * Knows which connections of a server have not brought a request yet. For node:http they are idle, to be closed at
 * once when the server is, though the request may be in the socket already, or in that of a connection which the kernel
 * has taken and the process has not.
 */
export class Arrivals {
  readonly #silent = new Set<Socket>();
  #accepted = 0;

  constructor(server: Pick<Server, 'on'>) {
    server.on('connection', (socket: Socket) => {
      this.#accepted++;
      this.#silent.add(socket);
      socket.once('close', () => this.#silent.delete(socket));
    });
    server.on('request', ({ socket }) => this.#silent.delete(socket));
  }

  /** Waits until all who have come have brought their request, within bounds. */
  async settled(): Promise<void> {
    let seen = -1;
    for (let look = 0; look < LOOKS && (seen !== this.#accepted || this.#silent.size > 0); look++) {
      seen = this.#accepted;
      await delay(LOOK_MS);
    }
  }
}
