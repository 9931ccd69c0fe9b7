import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

const READY_TIMEOUT_MS = 20_000;

/** One etcd, alone or of a cluster, which can be killed and started again with its data. */
export class EtcdMember {
  readonly url: string;
  readonly #arguments: readonly string[];
  readonly #metrics: string;
  #process: ChildProcess | undefined;

  constructor(parts: { readonly url: string; readonly metrics: string; readonly flags: readonly string[] }) {
    this.url = parts.url;
    this.#metrics = parts.metrics;
    // a test that is killed cannot clean up: its etcd dies with it
    this.#arguments = ['--pdeathsig=KILL', 'etcd', ...parts.flags];
  }

  /** Gives once it is part of a cluster that has a leader: not before a majority was started. */
  async start(): Promise<void> {
    const etcd = spawn('setpriv', this.#arguments, { stdio: 'ignore' });
    this.#process = etcd;
    await once(etcd, 'spawn');
    await this.#healthy(etcd);
  }

  /** As a machine that hangs: its connections stay, and say nothing. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  /** As one that goes on. */
  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  /** As a machine that loses its power. Nothing where it does not run. */
  async kill(): Promise<void> {
    const etcd = this.#process;
    this.#process = undefined;
    if (etcd?.pid === undefined || etcd.exitCode !== null || etcd.signalCode !== null) return;
    const exited = once(etcd, 'exit');
    etcd.kill('SIGKILL');
    await exited;
  }

  /** Waits until it can serve: it has a leader. */
  async #healthy(etcd: ChildProcess): Promise<void> {
    const deadline = Date.now() + READY_TIMEOUT_MS;
    for (;;) {
      const health = await fetch(`${this.#metrics}/health`).then(
        (response) => response.json(),
        () => undefined,
      );
      if ((health as { health?: unknown } | undefined)?.health === 'true') return;
      if (etcd.exitCode !== null) throw new Error(`etcd exited with ${etcd.exitCode}`);
      if (Date.now() > deadline) throw new Error(`etcd was not ready within ${READY_TIMEOUT_MS} ms`);
      await sleep(50);
    }
  }
}
