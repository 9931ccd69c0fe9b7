const BLOCK = 512;

/** A file of an archive. */
export interface TarFile {
  /** Relative; at most 99 bytes. */
  readonly path: string;
  readonly mode: number;
  readonly content: Uint8Array;
}

/** An archive in the format of POSIX.1-1988, "ustar" (tar(5)): files of root, all of one age. */
export function tar(files: readonly TarFile[]): Buffer {
  const entries = files.flatMap((file) => {
    const padding = Buffer.alloc((BLOCK - (file.content.length % BLOCK)) % BLOCK);
    return [header(file), file.content, padding];
  });
  return Buffer.concat([...entries, Buffer.alloc(2 * BLOCK)]);
}

function header({ path, mode, content }: TarFile): Buffer {
  const block = Buffer.alloc(BLOCK);
  const number = (value: number, digits: number) => value.toString(8).padStart(digits, '0');
  block.write(path, 0);
  block.write(number(mode, 7), 100);
  block.write(number(0, 7), 108);
  block.write(number(0, 7), 116);
  block.write(number(content.length, 11), 124);
  block.write(number(0, 11), 136);
  block.write(' '.repeat(8), 148);
  block.write('0', 156);
  block.write('ustar\u000000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${number(sum, 6)}\0 `, 148);
  return block;
}
