import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, untilHealthy } from './etcd-server.ts';

const SIZE = 3;

export interface ClusterOptions {
  /** For clients; members talk to each other in the open. */
  readonly scheme?: 'http' | 'https';
  /** Further flags of every member. */
  readonly flags?: readonly string[];
}

/** One etcd of a cluster, which can be killed and started again with its data. */
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
    this.#process = spawn('setpriv', this.#arguments, { stdio: 'ignore' });
    await once(this.#process, 'spawn');
    await untilHealthy(this.#metrics, this.#process);
  }

  /** As a machine that hangs: its connections stay, and say nothing. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
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
}

/** A cluster of three members on random loopback ports; processes and data are gone after dispose. */
export class EtcdCluster implements AsyncDisposable {
  readonly members: readonly EtcdMember[];
  readonly #folder: string;

  private constructor(members: readonly EtcdMember[], folder: string) {
    this.members = members;
    this.#folder = folder;
  }

  static async start({ scheme = 'http', flags = [] }: ClusterOptions = {}): Promise<EtcdCluster> {
    const folder = await mkdtemp(join(tmpdir(), 'coil-etcd-'));
    const peers: string[] = [];
    for (let i = 0; i < SIZE; i++) peers.push(`http://127.0.0.1:${await freePort()}`);
    const members: EtcdMember[] = [];
    for (const [i, peer] of peers.entries()) {
      const [url, metrics] = [`${scheme}://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`];
      const own = [`--name=member${i}`, `--data-dir=${folder}/member${i}`, `--listen-metrics-urls=${metrics}`];
      const clients = [`--listen-client-urls=${url}`, `--advertise-client-urls=${url}`];
      const others = [`--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`];
      const all = `--initial-cluster=${peers.map((one, j) => `member${j}=${one}`).join(',')}`;
      const rest = ['--logger=zap', '--log-level=error', ...flags];
      members.push(new EtcdMember({ url, metrics, flags: [...own, ...clients, ...others, all, ...rest] }));
    }
    const cluster = new EtcdCluster(members, folder);
    try {
      await Promise.all(members.map((member) => member.start()));
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Of all members. */
  get urls(): readonly string[] {
    return this.members.map(({ url }) => url);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
    await rm(this.#folder, { recursive: true, force: true });
  }
}
