import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';

/** Fresh network namespaces for Pods, made at once and before anything is measured; all are gone after dispose. */
export class PodNamespaces implements AsyncDisposable {
  readonly #names: readonly string[];

  private constructor(names: readonly string[]) {
    this.#names = names;
  }

  static async create(count: number): Promise<PodNamespaces> {
    const run = randomBytes(3).toString('hex');
    const namespaces = new PodNamespaces(Array.from({ length: count }, (_, i) => `ct-${run}-${i}`));
    try {
      await ipBatch(namespaces.#names.map((name) => `netns add ${name}`));
      return namespaces;
    } catch (error) {
      await namespaces[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Path of one. */
  path(index: number): string {
    return `/run/netns/${this.#names[index]!}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const left = this.#names.filter((_, i) => existsSync(this.path(i)));
    await ipBatch(left.map((name) => `netns delete ${name}`));
  }
}

/** `ip -batch -`: one process for all. */
async function ipBatch(lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  const child = spawn('ip', ['-batch', '-'], { stdio: ['pipe', 'inherit', 'inherit'] });
  child.stdin.end(`${lines.join('\n')}\n`);
  const [status] = (await once(child, 'close')) as [number | null];
  if (status !== 0) throw new Error(`ip -batch failed at one of: ${lines[0]} … (${lines.length} commands)`);
}
