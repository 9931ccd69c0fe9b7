import koffi from 'koffi';
import { NetlinkError } from './netlink-error.ts';

// At most one call a socket is under way; beyond this many koffi throws. It must be said before a library is loaded.
koffi.config({ max_async_calls: 4096 });

/**
 * The system calls that Node does not offer, and the only file that touches native code. The synchronous ones never
 * wait; `send` and `receive` can wait for the kernel's rtnl lock and run on a worker thread, so that the event loop
 * does not stand still. Buffers must not be changed before the promise is settled.
 */
const libc = koffi.load(null);

const socketCall = libc.func('int socket(int domain, int type, int protocol)');
const bindCall = libc.func('int bind(int fd, const uint8_t *address, uint32_t length)');
const setsockoptCall = libc.func('int setsockopt(int fd, int level, int name, const uint8_t *value, uint32_t length)');
const sendCall = libc.func('intptr_t send(int fd, const uint8_t *data, size_t length, int flags)');
// `void *`: koffi hands over the address of the buffer, so that what the kernel writes is in it afterwards
const recvCall = libc.func('intptr_t recv(int fd, void *data, size_t length, int flags)');
const closeCall = libc.func('int close(int fd)');
const setnsCall = libc.func('int setns(int fd, int type)');
const ioctlCall = libc.func('int ioctl(int fd, unsigned long request)');
const exitCall = libc.func('void _exit(int status)');
const flockCall = libc.func('int flock(int fd, int operation)');

/** @throws {NetlinkError} with the errno of the call */
function checked(result: number, operation: string): number {
  if (result < 0) throw new NetlinkError(operation, koffi.errno());
  return result;
}

export function socket(domain: number, type: number, protocol: number): number {
  return checked(socketCall(domain, type, protocol), 'socket');
}

export function bind(fd: number, address: Uint8Array): void {
  checked(bindCall(fd, address, address.length), 'bind');
}

export function setsockopt(fd: number, level: number, name: number, value: Uint8Array): void {
  checked(setsockoptCall(fd, level, name, value, value.length), `setsockopt ${level}/${name}`);
}

export function close(fd: number): void {
  checked(closeCall(fd), 'close');
}

/** Ends the process at once, where Node would wait for its worker threads, and these for the kernel. */
export function exitNow(status: number): void {
  exitCall(status);
}

/** Moves the calling thread into the namespace. */
export function setns(fd: number, type: number): void {
  checked(setnsCall(fd, type), 'setns');
}

/** For requests without an argument. */
export function ioctl(fd: number, request: number): number {
  return checked(ioctlCall(fd, request), `ioctl 0x${request.toString(16)}`);
}

const LOCK_EX = 2;
const LOCK_NB = 4;

/** Takes the lock of an open file, unless another one that is open has it. Whether it was taken. */
export function flockNow(fd: number): boolean {
  const result: number = flockCall(fd, LOCK_EX | LOCK_NB);
  if (result < 0 && koffi.errno() === koffi.os.errno.EAGAIN) return false;
  checked(result, 'flock');
  return true;
}

const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;

export function send(fd: number, data: Uint8Array): Promise<number> {
  return onWorker('send', data, (done) => sendCall.async(fd, data, data.length, 0, done));
}

/** The length of the datagram, which is more than `buffer` holds where it was cut. */
export function receive(fd: number, buffer: Uint8Array): Promise<number> {
  return onWorker('recv', buffer, (done) => recvCall.async(fd, buffer, buffer.length, MSG_TRUNC, done));
}

/** Like `receive`, at once; undefined where nothing is there. */
export function receiveNow(fd: number, buffer: Uint8Array): number | undefined {
  const length: number = recvCall(fd, buffer, buffer.length, MSG_TRUNC | MSG_DONTWAIT);
  if (length < 0 && koffi.errno() === koffi.os.errno.EAGAIN) return undefined;
  return checked(length, 'recv');
}

function onWorker(
  operation: string,
  buffer: Uint8Array,
  start: (done: (error: unknown, result: number) => void) => void,
): Promise<number> {
  return new Promise((resolve, reject) => {
    start((error, result) => {
      const errno = koffi.errno(); // koffi carries it over from the worker, for the length of this callback
      keepAlive(buffer);
      if (error !== null) reject(new Error(`${operation} could not be started`, { cause: error }));
      else if (result < 0) reject(new NetlinkError(operation, errno));
      else resolve(result);
    });
  });
}

/** The worker has only the buffer's address: this reference keeps the collector off it until the call is over. */
function keepAlive(_buffer: Uint8Array): void {}
