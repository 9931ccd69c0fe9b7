import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EtcdMember } from './etcd-member.ts';
import { freePort } from './free-port.ts';

/** A private etcd on random loopback ports, with its data in a folder of its own; both are gone after dispose. */
export class EtcdServer implements AsyncDisposable {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly url: string;
  /** For other members of its cluster, of which there are none. */
  readonly peerUrl: string;
  /** Where `data`, its data, is. */
  readonly folder: string;
  /** Its process: to be frozen, killed, and started again. */
  readonly member: EtcdMember;

  private constructor(
    parts: Pick<EtcdServer, 'url' | 'port' | 'peerUrl' | 'folder'>,
    options: { readonly metrics: string; readonly flags: readonly string[] },
  ) {
    this.url = parts.url;
    this.port = parts.port;
    this.peerUrl = parts.peerUrl;
    this.folder = parts.folder;
    this.member = new EtcdMember({ url: this.url, ...options });
  }

  /** @param flags further ones of etcd */
  static async start(...flags: readonly string[]): Promise<EtcdServer> {
    return await EtcdServer.#start('http', flags);
  }

  /** One that takes clients over TLS only. @param flags those of the certificates among them */
  static async startTls(...flags: readonly string[]): Promise<EtcdServer> {
    return await EtcdServer.#start('https', flags);
  }

  static async #start(scheme: 'http' | 'https', further: readonly string[]): Promise<EtcdServer> {
    const folder = await mkdtemp(join(tmpdir(), 'coil-etcd-'));
    const [port, peerPort, metricsPort] = [await freePort(), await freePort(), await freePort()];
    const metrics = `http://127.0.0.1:${metricsPort}`;
    const [url, peerUrl] = [`${scheme}://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`];
    const own = [`--data-dir=${folder}/data`, `--listen-metrics-urls=${metrics}`, '--logger=zap', '--log-level=error'];
    const clients = [`--listen-client-urls=${url}`, `--advertise-client-urls=${url}`];
    const peers = [`--listen-peer-urls=${peerUrl}`, `--initial-advertise-peer-urls=${peerUrl}`];
    const flags = [...own, ...clients, ...peers, `--initial-cluster=default=${peerUrl}`, ...further];
    const server = new EtcdServer({ url, port, peerUrl, folder }, { metrics, flags });
    try {
      await server.member.start();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.member.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}
