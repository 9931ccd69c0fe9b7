import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Lets at most `limit` connections of a server be there at the same time. One more takes the place of the one that has
 * been without a request for longest, so that nobody keeps others out by connections that say nothing, or half of it;
 * where each has a request under way, it is closed itself.
 */
export function limitConnections(server: Pick<Server, 'on'>, limit: number): void {
  const connections = new Set<Socket>();
  /** Those without a request under way: the longest first. */
  const quiet = new Set<Socket>();
  const forget = (socket: Socket) => {
    connections.delete(socket);
    quiet.delete(socket);
  };
  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    quiet.add(socket);
    socket.once('close', () => forget(socket));
    if (connections.size <= limit) return;
    // the new one is among them
    const [longest] = quiet;
    forget(longest!);
    longest!.destroy();
  });
  server.on('request', ({ socket }, response) => {
    quiet.delete(socket);
    response.once('close', () => {
      if (connections.has(socket)) quiet.add(socket);
    });
  });
}
