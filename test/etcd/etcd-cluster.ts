import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EtcdMember } from './etcd-member.ts';
import { freePort } from './free-port.ts';

const SIZE = 3;

export interface ClusterOptions {
  /** For clients; members talk to each other in the open. */
  readonly scheme?: 'http' | 'https';
  /** Further flags of every member. */
  readonly flags?: readonly string[];
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
