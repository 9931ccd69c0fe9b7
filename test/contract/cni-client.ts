import { spawn } from 'node:child_process';
import { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { main } from '../../src/programs/coil.ts';
import { TEST_DEADLINES } from './build-launcher.ts';

/** What a client is started with. */
export interface ClientInput {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string | Buffer;
}

export interface ClientOutcome {
  readonly exitStatus: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** One way to run a CNI client of coild. */
export type CniClient = (input: ClientInput) => Promise<ClientOutcome>;

/** The client in TypeScript, in this process. */
export const inProcess: CniClient = async ({ argv, env, stdin }) => {
  const stdout = new Collector();
  const stderr = new Collector();
  const signal = new AbortController().signal;
  const io = { argv, env, stdin: Readable.from([Buffer.from(stdin)]), stdout, stderr, signal };
  const exitStatus = await main(io, TEST_DEADLINES);
  return { exitStatus, stdout: stdout.content, stderr: stderr.content.toString() };
};

/** An executable, with `fixed` arguments before those of the case. */
export function asProcess(executable: string, ...fixed: readonly string[]): CniClient {
  return async ({ argv, env, stdin }) => {
    const child = spawn(executable, [...fixed, ...argv], { env, timeout: 30_000 });
    child.stdin.on('error', () => undefined); // EPIPE: the client decided without reading it
    child.stdin.end(stdin);
    const closed = new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status, signal) =>
        status === null ? reject(new Error(`ended by ${signal}`)) : resolve(status),
      );
    });
    const [exitStatus, stdout, stderr] = await Promise.all([closed, buffer(child.stdout), buffer(child.stderr)]);
    return { exitStatus, stdout, stderr: stderr.toString() };
  };
}

class Collector extends Writable {
  readonly #chunks: Buffer[] = [];

  get content(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#chunks.push(chunk);
    done();
  }
}
