import { decodeAttributes, textOf, u32Of } from './attributes.ts';
import { readI32, readU16, readU32, writeU16, writeU32 } from './native-bytes.ts';
import { type KernelReport, NetlinkError } from './netlink-error.ts';

/** struct nlmsghdr, linux/netlink.h: u32 length with its own 16 bytes, u16 type, u16 flags, u32 sequence, u32 port. */
const HEADER = 16;

export const MessageType = { noop: 1, error: 2, done: 3, overrun: 4 } as const;

export const MessageFlag = {
  request: 0x1,
  multi: 0x2,
  ack: 0x4,
  dumpInterrupted: 0x10,
  // of a request to get
  dump: 0x300,
  // of a request to make
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
  append: 0x800,
  // of an acknowledgement
  capped: 0x100,
  acknowledgementAttributes: 0x200,
} as const;

export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly body: Uint8Array;
}

/** Padded to 4 bytes, so that messages can be sent one after the other. */
export function encodeMessage(message: Message): Uint8Array {
  const length = HEADER + message.body.length;
  const bytes = new Uint8Array((length + 3) & ~3);
  writeU32(bytes, 0, length);
  writeU16(bytes, 4, message.type);
  writeU16(bytes, 6, message.flags);
  writeU32(bytes, 8, message.sequence);
  bytes.set(message.body, HEADER);
  return bytes;
}

/** The messages of one datagram. Bodies are views of `bytes`. @throws {NetlinkError} EBADMSG */
export function decodeMessages(bytes: Uint8Array): Message[] {
  const messages: Message[] = [];
  let at = 0;
  while (at + HEADER <= bytes.length) {
    const length = readU32(bytes, at);
    if (length < HEADER || at + length > bytes.length) {
      throw NetlinkError.malformed(`a message of ${length} bytes at ${at} of ${bytes.length}`);
    }
    messages.push({
      type: readU16(bytes, at + 4),
      flags: readU16(bytes, at + 6),
      sequence: readU32(bytes, at + 8),
      body: bytes.subarray(at + HEADER, at + length),
    });
    at += (length + 3) & ~3;
  }
  if (at < bytes.length) throw NetlinkError.malformed(`${bytes.length - at} bytes after the last message`);
  return messages;
}

const REPORT_MESSAGE = 1; // NLMSGERR_ATTR_MSG
const REPORT_OFFSET = 2; // NLMSGERR_ATTR_OFFS

export interface Acknowledgement {
  /** 0 for success, otherwise positive as in errno.h. */
  readonly errno: number;
  readonly report: KernelReport;
}

/** Of a message of type `error` or `done`: an errno, then (for `error`) the request's header, then attributes. */
export function decodeAcknowledgement(message: Message): Acknowledgement {
  const { body, flags, type } = message;
  // an empty `done` is what kernels before 2.6.20 sent
  const errno = type === MessageType.done && body.length === 0 ? 0 : -readI32(body);
  if ((flags & MessageFlag.acknowledgementAttributes) === 0) return { errno, report: {} };
  const attributes = decodeAttributes(body, type === MessageType.done ? 4 : endOfRequest(body, flags));
  return { errno, report: { message: textOf(attributes, REPORT_MESSAGE), offset: u32Of(attributes, REPORT_OFFSET) } };
}

/** The failed request stands between errno and attributes: its header only where the answer is capped. */
function endOfRequest(body: Uint8Array, flags: number): number {
  if ((flags & MessageFlag.capped) !== 0) return 4 + HEADER;
  return 4 + ((readU32(body, 4) + 3) & ~3);
}
