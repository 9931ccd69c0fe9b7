import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { command, TestNetns } from '../kernel/kernel-fixture.ts';

const DEMO = resolve(import.meta.dirname, '../../demo/demo.ts');
const LIMIT_MS = 90_000;

export interface DemoProcessOptions {
  readonly args?: readonly string[];
  /** PATH in the demo's environment. */
  readonly path?: string;
}

/** A run of the demo, in a network namespace and with a temporary folder of its own, so that all that it leaves shows. */
export class DemoProcess implements AsyncDisposable {
  readonly #netns: TestNetns;
  readonly #folder: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #closed: Promise<unknown[]>;
  #stdout = '';
  #stderr = '';

  private constructor(netns: TestNetns, { args = [], path }: DemoProcessOptions) {
    this.#netns = netns;
    this.#folder = mkdtempSync(join(tmpdir(), 'ct-'));
    const env = { ...process.env, TMPDIR: this.#folder, ...(path !== undefined && { PATH: path }) };
    this.#child = spawn('/usr/bin/nsenter', [`--net=${netns.path}`, process.execPath, DEMO, ...args], { env });
    this.#closed = once(this.#child, 'close', { signal: AbortSignal.timeout(LIMIT_MS) });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
  }

  static async start(options: DemoProcessOptions = {}): Promise<DemoProcess> {
    return new DemoProcess(await TestNetns.create(), options);
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** What is in its folder for temporary files. */
  get files(): string[] {
    return readdirSync(this.#folder, { recursive: true, encoding: 'utf8' });
  }

  /** Waits until standard output has something that matches. */
  async printed(pattern: RegExp): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const fail = (why: string) => reject(new Error(`the demo ${why} before it printed ${pattern}:\n${this.#stdout}`));
    const look = () => pattern.test(this.#stdout) && resolve();
    const end = () => fail('ended');
    const timer = setTimeout(fail, LIMIT_MS, `took more than ${LIMIT_MS / 1000} s`);
    const { stdout } = this.#child;
    stdout.on('data', look).once('close', end);
    look();
    if (stdout.closed) end();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      stdout.off('data', look).off('close', end);
    }
  }

  interrupt(): void {
    this.#child.kill('SIGINT');
  }

  /** Reads no more of its standard output. */
  hangUp(): void {
    this.#child.stdout.destroy();
  }

  /** The exit status, once it has ended. */
  async ended(): Promise<unknown> {
    const [status] = await this.#closed;
    return status;
  }

  /** Process IDs of what it has started, whose command line matches. */
  processes(pattern = /./): number[] {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== this.#child.pid);
    return pids.filter((pid) => this.#isOurs(pid) && pattern.test(read(pid, 'cmdline'))).map(Number);
  }

  /** Whatever it made and did not take away, in words; logs are not counted. */
  async leftovers(): Promise<string[]> {
    const [, name] = /called (coil-demo-\w+)/.exec(this.#stdout) ?? [];
    const namespaces = readdirSync('/run/netns').filter((found) => name !== undefined && found.startsWith(name));
    const links = await this.#netns.ip('-oneline link show');
    const forwards = await command('nsenter', `--net=${this.#netns.path}`, 'cat', '/proc/sys/net/ipv4/ip_forward');
    return [
      ...namespaces.map((found) => `namespace ${found}`),
      ...this.processes().map((pid) => `process ${pid}: ${read(String(pid), 'cmdline')}`),
      ...this.files.filter((file) => !/^coil-demo-\w+(\/[\w-]+\.log)?$/.test(file)).map((file) => `file ${file}`),
      ...links.split('\n').filter((link) => link !== '' && !/^\d+: lo:/.test(link)),
      ...(forwards.trim() === '0' ? [] : ['net.ipv4.ip_forward']),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM');
    try {
      await this.#closed;
    } finally {
      this.#child.kill('SIGKILL');
      rmSync(this.#folder, { recursive: true, force: true });
      await this.#netns[Symbol.asyncDispose]();
    }
  }

  #isOurs(pid: string): boolean {
    return read(pid, 'environ').split('\0').includes(`TMPDIR=${this.#folder}`);
  }
}

/** Empty where the process is gone. */
function read(pid: string, file: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
