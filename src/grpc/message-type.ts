import { ProtobufReader } from './protobuf-reader.ts';
import { ProtobufWriter, WIRE } from './protobuf-writer.ts';

/**
 * How the members of a message of type `M` are encoded: each by the number of its field and its type. An integer is an
 * int64, an int32 or an enum; a text is a string, or bytes that are UTF-8. Types of messages are given by functions, as
 * they can contain each other.
 */
export type Fields<M> = { readonly [Name in keyof M]-?: FieldOf<NonNullable<M[Name]>> };

type FieldOf<V> = [V] extends [string]
  ? readonly [id: number, type: 'text']
  : [V] extends [number]
    ? readonly [id: number, type: 'integer']
    : [V] extends [boolean]
      ? readonly [id: number, type: 'flag']
      : V extends readonly (infer Each)[]
        ? readonly [id: number, type: 'list', of: () => MessageType<Each>]
        : readonly [id: number, type: 'message', of: () => MessageType<V>];

interface Field {
  readonly name: string;
  readonly id: number;
  readonly type: 'text' | 'integer' | 'flag' | 'message' | 'list';
  readonly of?: () => MessageType<unknown>;
}

type Members = Record<string, unknown>;

const EMPTY = { text: '', integer: 0, flag: false } as const;

/** Between two calls it holds nothing: encoding never waits. */
const writer = new ProtobufWriter();

/** A message of protobuf 3, as far as `fields` describe it; other fields are passed over. */
export class MessageType<M> {
  readonly #fields: readonly Field[];
  readonly #byId: readonly (Field | undefined)[];
  readonly #defaults: Members;

  constructor(fields: Fields<M>) {
    const described = Object.entries(fields as Record<string, readonly [number, Field['type'], Field['of']?]>);
    this.#fields = described.map(([name, [id, type, of]]) => ({ name, id, type, ...(of ? { of } : {}) }));
    const byId: Field[] = [];
    for (const field of this.#fields) byId[field.id] = field;
    this.#byId = byId;
    this.#defaults = Object.fromEntries(
      this.#fields.flatMap(({ name, type }) => (type in EMPTY ? [[name, EMPTY[type as keyof typeof EMPTY]]] : [])),
    );
  }

  /** The message, after `headroom` bytes that are left to the caller. Every member that is not undefined is written. */
  encode(message: M, headroom = 0): Buffer {
    writer.reset();
    this.#write(message as Members);
    return writer.copy(headroom);
  }

  /** Members that are missing have protobuf's defaults, lists are empty; messages are missing. @throws {RangeError} */
  decode(bytes: Buffer): M {
    return this.#read(new ProtobufReader(bytes), bytes.length);
  }

  /** Backwards, as the writer does. */
  #write(message: Members): void {
    for (let i = this.#fields.length - 1; i >= 0; i--) {
      const field = this.#fields[i]!;
      const value = message[field.name];
      if (value === undefined) continue;
      if (field.type === 'list')
        for (const each of (value as readonly Members[]).toReversed()) this.#writeField(field, each);
      else this.#writeField(field, value);
    }
  }

  #read(reader: ProtobufReader, end: number): M {
    const message: Members = { ...this.#defaults };
    for (const { name, type } of this.#fields) if (type === 'list') message[name] = [];
    while (reader.at < end) {
      const tag = reader.integer();
      const field = this.#byId[Math.floor(tag / 8)];
      if (field && tag % 8 === wireOf(field.type)) this.#readField(field, reader, message);
      else reader.skip(tag % 8);
    }
    if (reader.at > end) throw new RangeError('not protobuf: a field is longer than its message');
    return message as M;
  }

  #writeField({ id, type, of }: Field, value: unknown): void {
    if (of) {
      const before = writer.length;
      of().#write(value as Members);
      writer.integer(writer.length - before);
    } else if (type === 'text') writer.text(value as string);
    else writer.integer(Number(value));
    writer.tag(id, wireOf(type));
  }

  #readField({ name, type, of }: Field, reader: ProtobufReader, message: Members): void {
    if (of) {
      const nested = of().#read(reader, reader.end());
      if (type === 'list') (message[name] as unknown[]).push(nested);
      else message[name] = nested;
    } else if (type === 'text') message[name] = reader.text();
    else message[name] = type === 'flag' ? reader.integer() !== 0 : reader.integer();
  }
}

function wireOf(type: Field['type']): number {
  return type === 'integer' || type === 'flag' ? WIRE.varint : WIRE.bytes;
}
