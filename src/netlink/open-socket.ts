import { writeU16, writeU32 } from './native-bytes.ts';
import { NetlinkError } from './netlink-error.ts';
import { bind, close, setsockopt, socket } from './syscalls.ts';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;

const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVTIMEO = 20;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;

/** Netlink families, linux/netlink.h */
export const NetlinkProtocol = { route: 0, socketDiagnosis: 4 } as const;

/** The kernel doubles it, and caps it at net.core.rmem_max unless the process has CAP_NET_ADMIN. */
const RECEIVE_BUFFER_BYTES = 1 << 20;

export interface OpenSocketOptions {
  /** One of `NetlinkProtocol`. */
  readonly protocol: number;
  /** How long a receive may wait. */
  readonly receiveTimeoutMs: number;
  /** Multicast groups to join, a bit each (RTMGRP_*); none by default. */
  readonly groups?: number;
  /** 1 MiB by default. */
  readonly receiveBufferBytes?: number;
}

/**
 * A netlink socket in the calling thread's namespace: bound, with everything on that says what went wrong.
 * @throws {NetlinkError}
 */
export function openSocket(options: OpenSocketOptions): number {
  const fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, options.protocol);
  try {
    setReceiveBuffer(fd, options.receiveBufferBytes ?? RECEIVE_BUFFER_BYTES);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, timeval(options.receiveTimeoutMs));
    for (const option of [NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK]) {
      setsockopt(fd, SOL_NETLINK, option, native32(1));
    }
    // struct sockaddr_nl: u16 family, u16, u32 port, u32 groups; with port 0 the kernel chooses
    const address = new Uint8Array(12);
    writeU16(address, 0, AF_NETLINK);
    writeU32(address, 8, options.groups ?? 0);
    bind(fd, address);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

function setReceiveBuffer(fd: number, bytes: number): void {
  try {
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, native32(bytes));
  } catch (error) {
    if (!NetlinkError.is(error, 'EPERM')) throw error;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, native32(bytes));
  }
}

function native32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  writeU32(bytes, 0, value);
  return bytes;
}

/** struct timeval of a 64-bit system */
function timeval(milliseconds: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const words = new BigInt64Array(bytes.buffer);
  words[0] = BigInt(Math.floor(milliseconds / 1000));
  words[1] = BigInt((milliseconds % 1000) * 1000);
  return bytes;
}
