import fc from 'fast-check';

type Edit = (bytes: Buffer) => Buffer;

/** Bytes near to sound ones: a few of them changed, put in, left out, doubled or cut off. */
export function mutated(sound: fc.Arbitrary<Uint8Array>, words: readonly string[] = ['\0']): fc.Arbitrary<Buffer> {
  const place = fc.nat(0xffff);
  const edit: fc.Arbitrary<Edit> = fc.oneof<fc.Arbitrary<Edit>[]>(
    fc.tuple(place, fc.nat(255)).map(([at, byte]): Edit => splice(at, 1, Buffer.of(byte))),
    fc.tuple(place, fc.nat(7)).map(
      ([at, bit]): Edit =>
        (bytes) => {
          const changed = Buffer.from(bytes);
          if (changed.length > 0) changed[at % changed.length]! ^= 1 << bit;
          return changed;
        },
    ),
    fc.tuple(place, fc.nat(16), fc.uint8Array({ maxLength: 8 })).map(([at, gone, put]) => splice(at, gone, put)),
    fc
      .tuple(place, fc.nat(4), fc.constantFrom(...words))
      .map(([at, gone, word]) => splice(at, gone, Buffer.from(word))),
    fc.tuple(place, place, place).map(
      ([at, from, length]): Edit =>
        (bytes) => {
          const piece = bytes.subarray(from % (bytes.length + 1)).subarray(0, length % 64);
          return splice(at, 0, piece)(bytes);
        },
    ),
    place.map(
      (at): Edit =>
        (bytes) =>
          bytes.subarray(0, at % (bytes.length + 1)),
    ),
  );
  return fc
    .tuple(sound, fc.array(edit, { maxLength: 5 }))
    .map(([bytes, edits]) => edits.reduce<Buffer>((now, change) => change(now), Buffer.from(bytes)));
}

function splice(at: number, gone: number, put: Uint8Array): Edit {
  return (bytes) => {
    const start = at % (bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, start), put, bytes.subarray(start + gone)]);
  };
}
