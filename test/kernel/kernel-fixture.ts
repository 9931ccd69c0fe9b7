import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

/** Why kernel tests cannot run here, for `skip`. */
export const needsRoot: string | false =
  process.getuid?.() === 0 ? false : 'needs root: CAP_NET_ADMIN and CAP_SYS_ADMIN, for network namespaces';

const run = promisify(execFile);

/** Standard output of a command; rejects with its standard error where it fails. */
export async function command(file: string, ...args: readonly string[]): Promise<string> {
  return (await run(file, [...args])).stdout;
}

/** `ip ARGS`, words separated by single spaces. */
export function ip(line: string): Promise<string> {
  return command('ip', ...line.split(' '));
}

/** A fresh network namespace of a random name; deleted when disposed of. */
export class TestNetns implements AsyncDisposable {
  readonly name: string;
  #isDeleted = false;

  private constructor(name: string) {
    this.name = name;
  }

  static async create(): Promise<TestNetns> {
    const netns = new TestNetns(`ct-${randomBytes(5).toString('hex')}`);
    await ip(`netns add ${netns.name}`);
    return netns;
  }

  get path(): string {
    return `/run/netns/${this.name}`;
  }

  /** `ip ARGS` inside. */
  ip(line: string): Promise<string> {
    return ip(`-n ${this.name} ${line}`);
  }

  /** Deletes it; nothing where that was done. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDeleted) return;
    const names = (await ip('netns list')).split('\n').map((line) => line.split(' ')[0]);
    if (names.includes(this.name)) await ip(`netns delete ${this.name}`);
    this.#isDeleted = true;
  }
}

/** `ip -batch`: many commands by one program; rejects where one fails. */
export async function ipBatch(netns: TestNetns, lines: readonly string[]): Promise<void> {
  const running = run('ip', ['-n', netns.name, '-batch', '-']);
  running.child.stdin!.end(lines.map((line) => `${line}\n`).join(''));
  await running;
}
