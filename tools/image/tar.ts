const BLOCK = 512;

/** What an archive can hold. Paths are relative and at most 99 bytes, modes are permissions. */
export type TarEntry =
  | { readonly path: string; readonly mode: number; readonly content: Uint8Array | readonly Uint8Array[] }
  | { readonly path: string; readonly mode: number; readonly folder: true }
  | { readonly path: string; readonly target: string };

/**
 * An archive in the format of POSIX.1-1988, "ustar" (tar(5)), in pieces: everything is root's, and as old as the epoch,
 * so that the same entries always give the same bytes.
 */
export function tar(entries: readonly TarEntry[]): Uint8Array[] {
  const pieces = entries.flatMap((entry) => {
    const content = contentOf(entry);
    const padding = Buffer.alloc((BLOCK - (sizeOf(content) % BLOCK)) % BLOCK);
    return [header(entry, sizeOf(content)), ...content, padding];
  });
  return [...pieces, Buffer.alloc(2 * BLOCK)];
}

/** Bytes of all pieces together. */
export function sizeOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

function contentOf(entry: TarEntry): readonly Uint8Array[] {
  if (!('content' in entry)) return [];
  return entry.content instanceof Uint8Array ? [entry.content] : entry.content;
}

function header(entry: TarEntry, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const number = (value: number, digits: number) => value.toString(8).padStart(digits, '0');
  if (Buffer.byteLength(entry.path) > 99) throw new RangeError(`too long for a tar archive: ${entry.path}`);
  block.write(entry.path, 0);
  block.write(number('target' in entry ? 0o777 : entry.mode, 7), 100);
  block.write(number(0, 7), 108);
  block.write(number(0, 7), 116);
  block.write(number(size, 11), 124);
  block.write(number(0, 11), 136);
  block.write(' '.repeat(8), 148);
  block.write('target' in entry ? '2' : 'folder' in entry ? '5' : '0', 156);
  if ('target' in entry) block.write(entry.target, 157);
  block.write('ustar\u000000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${number(sum, 6)}\0 `, 148);
  return block;
}
