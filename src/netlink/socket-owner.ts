import { AddressFamily, familyOf } from './address-family.ts';
import { readU8, readU32, writeU32 } from './native-bytes.ts';
import { NetlinkError } from './netlink-error.ts';
import { NetlinkSocket } from './netlink-socket.ts';
import { NetlinkProtocol } from './open-socket.ts';
import type { Request } from './request.ts';

const SOCK_DIAG_BY_FAMILY = 20; // linux/sock_diag.h
const IPPROTO_TCP = 6;
const ALL_STATES = 0xffffffff;
const NO_COOKIE = 0xffffffff;

// linux/inet_diag.h. struct inet_diag_sockid: be16 source port, be16 destination port, 16 bytes source, 16 bytes
// destination, u32 link, u32 cookie[2]
const ID_LENGTH = 48;
/** It stands at 8 in struct inet_diag_req_v2 (u8 family, protocol, extensions, u8; u32 states), */
const ID_IN_REQUEST = 8;
/** and at 4 in struct inet_diag_msg (u8 family, state, timer, retransmits), followed by u32 expires, rqueue, wqueue, uid, inode. */
const ID_IN_ANSWER = 4;
const UID = ID_IN_ANSWER + ID_LENGTH + 12;
const INODE = UID + 4;

export interface Endpoint {
  /** 4 or 16 bytes; IPv4-mapped ones are looked up as IPv4, which is how the kernel keeps them. */
  readonly address: Uint8Array;
  readonly port: number;
}

/**
 * The user that owns the TCP socket with these two ends, `local` being its own, in this process's namespace:
 * `ss -tne`. Undefined where there is none, and where nobody holds it open any more: the kernel says uid 0 of a
 * socket that was closed (TIME-WAIT, or orphaned with data to send), and that must not pass for root.
 * @throws {NetlinkError}
 */
export async function socketUid(local: Endpoint, remote: Endpoint, signal?: AbortSignal): Promise<number | undefined> {
  const socket = NetlinkSocket.open({ protocol: NetlinkProtocol.socketDiagnosis });
  try {
    return (await socket.request(ownerRequest(unmapped(local), unmapped(remote)), signal)).uid;
  } catch (error) {
    if (NetlinkError.is(error, 'ENOENT')) return undefined;
    throw error;
  } finally {
    await socket.close();
  }
}

/** The request for one socket, and its decoder. */
export function ownerRequest(local: Endpoint, remote: Endpoint): Request<{ readonly uid: number | undefined }> {
  const id = encodeId(local, remote);
  const body = new Uint8Array(ID_IN_REQUEST + ID_LENGTH);
  body.set([familyOf(local.address), IPPROTO_TCP]);
  writeU32(body, 4, ALL_STATES);
  body.set(id, ID_IN_REQUEST);
  return {
    operation: 'look up the owner of a TCP socket',
    type: SOCK_DIAG_BY_FAMILY,
    flags: 0,
    body,
    decode: (answer) => {
      const [uid, inode] = [readU32(answer, UID), readU32(answer, INODE)];
      // where there is no such connection the kernel answers with the listener on its port
      return { uid: inode !== 0 && sameEnds(answer, id) ? uid : undefined };
    },
  };
}

function encodeId(local: Endpoint, remote: Endpoint): Uint8Array {
  if (familyOf(local.address) !== familyOf(remote.address)) throw new RangeError('two families in one connection');
  const id = new Uint8Array(ID_LENGTH);
  id.set([local.port >> 8, local.port & 255, remote.port >> 8, remote.port & 255]);
  id.set(local.address, 4);
  id.set(remote.address, 20);
  writeU32(id, 40, NO_COOKIE);
  writeU32(id, 44, NO_COOKIE);
  return id;
}

/** Compares ports and addresses. A socket of family IPv6 that carries IPv4 says so with mapped addresses. */
function sameEnds(answer: Uint8Array, id: Uint8Array): boolean {
  const given = Buffer.from(answer.subarray(ID_IN_ANSWER, ID_IN_ANSWER + 36));
  if (readU8(answer) === AddressFamily.inet6 && isMapped(given.subarray(4, 20)) && isMapped(given.subarray(20, 36))) {
    for (const at of [4, 20]) {
      given.copyWithin(at, at + 12, at + 16);
      given.fill(0, at + 4, at + 16);
    }
  }
  return given.equals(id.subarray(0, 36));
}

function isMapped(address: Uint8Array): boolean {
  return address.subarray(0, 10).every((byte) => byte === 0) && address[10] === 255 && address[11] === 255;
}

function unmapped(endpoint: Endpoint): Endpoint {
  const { address, port } = endpoint;
  return address.length === 16 && isMapped(address) ? { address: address.slice(12), port } : endpoint;
}
