import { WIRE } from './protobuf-writer.ts';

/** Reads protobuf's wire format. Every method throws a RangeError where the bytes end too early or make no sense. */
export class ProtobufReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Offset of what is read next. */
  get at(): number {
    return this.#at;
  }

  /** An int64; beyond ±2^53 it is rounded. */
  integer(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    // three parts that bit operations can hold: 28, 28 and 8 bits
    const parts: [number, number, number] = [first & 0x7f, 0, 0];
    for (let i = 1; i < 10; i++) {
      const byte = this.#byte();
      parts[i >> 2]! |= (byte & 0x7f) << (7 * (i & 3));
      if (byte < 0x80) return (((parts[2] << 24) >> 24) * 2 ** 28 + parts[1]) * 2 ** 28 + parts[0];
    }
    throw new RangeError('not protobuf: an integer is longer than 10 bytes');
  }

  text(): string {
    const end = this.end();
    const text = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end;
    return text;
  }

  /** Reads a length, and gives the offset of the end of what has it. */
  end(): number {
    const length = this.integer();
    return this.#checked(length);
  }

  skip(wire: number): void {
    if (wire === WIRE.varint) this.integer();
    else if (wire === WIRE.fixed64) this.#at = this.#checked(8);
    else if (wire === WIRE.bytes) this.#at = this.end();
    else if (wire === WIRE.fixed32) this.#at = this.#checked(4);
    else throw new RangeError(`not protobuf: wire type ${wire}`);
  }

  #checked(length: number): number {
    const end = this.#at + length;
    if (length < 0 || end > this.#bytes.length) throw new RangeError('not protobuf: a message is cut off');
    return end;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new RangeError('not protobuf: a message is cut off');
    return byte;
  }
}
