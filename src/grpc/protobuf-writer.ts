const INITIAL_BYTES = 4096;
/** A buffer that grew beyond this for one big message is not kept for the next ones. */
const MAX_KEPT_BYTES = 1 << 20;

/** Wire types of protobuf (protobuf.dev, "Encoding"). */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/**
 * Writes protobuf's wire format from the end of a buffer to its beginning, so that the length of what is nested is known
 * when it is to be written before it. A field is therefore its value first, and then its `tag`.
 */
export class ProtobufWriter {
  #buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  #start = INITIAL_BYTES;

  /** Bytes written so far. */
  get length(): number {
    return this.#buffer.length - this.#start;
  }

  /** Starts anew. */
  reset(): void {
    if (this.#buffer.length > MAX_KEPT_BYTES) this.#buffer = Buffer.allocUnsafe(INITIAL_BYTES);
    this.#start = this.#buffer.length;
  }

  /** What was written, in memory of its own, with `headroom` bytes of anything before it. */
  copy(headroom: number): Buffer {
    const copy = Buffer.allocUnsafe(headroom + this.length);
    this.#buffer.copy(copy, headroom, this.#start);
    return copy;
  }

  tag(id: number, wire: number): void {
    this.integer(id * 8 + wire);
  }

  /** A safe integer, as protobuf's int64, and as the types that are encoded in the same way. */
  integer(value: number): void {
    this.#reserve(10);
    if (value >= 0 && value < 2 ** 31) this.#small(value);
    else this.#large(BigInt.asUintN(64, BigInt(value)));
  }

  /** In UTF-8, with its length. */
  text(value: string): void {
    const length = Buffer.byteLength(value);
    this.#reserve(length);
    this.#start -= length;
    this.#buffer.write(value, this.#start, length);
    this.integer(length);
  }

  #small(value: number): void {
    let shift = 0;
    while (value >>> shift >= 0x80) shift += 7;
    this.#buffer[--this.#start] = value >>> shift;
    for (shift -= 7; shift >= 0; shift -= 7) this.#buffer[--this.#start] = ((value >>> shift) & 0x7f) | 0x80;
  }

  #large(value: bigint): void {
    let shift = 0n;
    while (value >> shift >= 0x80n) shift += 7n;
    this.#buffer[--this.#start] = Number(value >> shift);
    for (shift -= 7n; shift >= 0n; shift -= 7n) this.#buffer[--this.#start] = Number((value >> shift) & 0x7fn) | 0x80;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#start) return;
    const { length } = this;
    const larger = Buffer.allocUnsafe(2 * (this.#buffer.length + bytes));
    this.#buffer.copy(larger, larger.length - length, this.#start);
    this.#start = larger.length - length;
    this.#buffer = larger;
  }
}
