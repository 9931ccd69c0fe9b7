import type { Socket } from 'node:net';
import { IpAddress } from '../model/ip-address.ts';

/** One end of a TCP connection: 4 or 16 bytes, and the port. */
export interface TcpEnd {
  readonly address: Uint8Array;
  readonly port: number;
}

/** The user of the process that has the socket with these ends, as the kernel knows it; undefined for none on this node. */
export type SocketUid = (local: TcpEnd, remote: TcpEnd) => Promise<number | undefined>;

/**
 * Decides who may change something over TCP: processes of root on this node. The client says nothing of itself that
 * would count; the kernel is asked whose socket is at the other end.
 */
export function rootOnly(socketUid: SocketUid): (client: Socket) => Promise<boolean> {
  return async (socket) => {
    const client = tcpEnd(socket.remoteAddress, socket.remotePort);
    const server = tcpEnd(socket.localAddress, socket.localPort);
    return client !== undefined && server !== undefined && (await socketUid(client, server)) === 0;
  };
}

/** undefined where the client has gone already. */
function tcpEnd(address: string | undefined, port: number | undefined): TcpEnd | undefined {
  // a link-local address comes with its interface: fe80::1%eth0
  const parsed = address === undefined ? undefined : IpAddress.tryParse(address.split('%')[0]!);
  return parsed && port !== undefined ? { address: parsed.toBytes(), port } : undefined;
}
