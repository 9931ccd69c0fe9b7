import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const READY_TIMEOUT_MS = 20_000;

/** A private etcd on random loopback ports, with its data in a folder of its own; both are gone after dispose. */
export class EtcdServer implements AsyncDisposable {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly url: string;
  #process: ChildProcess;
  readonly #folder: string;
  readonly #command: readonly string[];
  readonly #metrics: string;

  private constructor(
    { url, port, metrics }: { url: string; port: number; metrics: string },
    command: readonly string[],
    folder: string,
  ) {
    this.url = url;
    this.port = port;
    this.#command = command;
    this.#metrics = metrics;
    this.#folder = folder;
    this.#process = spawnServer(command);
  }

  /** @param flags further ones of etcd */
  static async start(...flags: readonly string[]): Promise<EtcdServer> {
    return await EtcdServer.#start('http', flags);
  }

  /** One that takes clients over TLS only. @param flags those of the certificates among them */
  static async startTls(...flags: readonly string[]): Promise<EtcdServer> {
    return await EtcdServer.#start('https', flags);
  }

  static async #start(scheme: 'http' | 'https', flags: readonly string[]): Promise<EtcdServer> {
    const folder = await mkdtemp(join(tmpdir(), 'coil-etcd-'));
    const [port, peerPort, metricsPort] = [await freePort(), await freePort(), await freePort()];
    const metrics = `http://127.0.0.1:${metricsPort}`;
    const [client, peer] = [`${scheme}://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`];
    const command = [
      `--data-dir=${folder}/data`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      `--listen-metrics-urls=${metrics}`,
      '--logger=zap',
      '--log-level=error',
      ...flags,
    ];
    const server = new EtcdServer({ url: client, port, metrics }, command, folder);
    try {
      await server.#untilReady();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** SIGSTOP: it is there, and does not answer. */
  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  async kill(): Promise<void> {
    if (this.#process.pid === undefined || this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
  }

  /** After `kill`: with the same data, on the same ports. */
  async startAgain(): Promise<void> {
    this.#process = spawnServer(this.#command);
    await this.#untilReady();
  }

  async #untilReady(): Promise<void> {
    await Promise.race([once(this.#process, 'spawn'), failed(this.#process)]);
    await untilHealthy(this.#metrics, this.#process);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function spawnServer(flags: readonly string[]): ChildProcess {
  // a test that is killed cannot clean up: its etcd dies with it
  return spawn('setpriv', ['--pdeathsig=KILL', 'etcd', ...flags], { stdio: 'ignore' });
}

async function failed(child: ChildProcess): Promise<never> {
  const [error] = await once(child, 'error');
  throw error;
}

/** Waits until a member can serve: it has a leader. @param url where it tells of itself, as `--listen-metrics-urls` */
export async function untilHealthy(url: string, etcd: ChildProcess): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    const health = await fetch(`${url}/health`).then(
      (response) => response.json(),
      () => undefined,
    );
    if ((health as { health?: unknown } | undefined)?.health === 'true') return;
    if (etcd.exitCode !== null) throw new Error(`etcd exited with ${etcd.exitCode}`);
    if (Date.now() > deadline) throw new Error(`etcd was not ready within ${READY_TIMEOUT_MS} ms`);
    await sleep(50);
  }
}

/**
 * A port that nobody listens on. It is none of those that the kernel gives to connections (net.ipv4.ip_local_port_range):
 * nobody takes it by accident before a server does, or while that is down.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_768);
    if (await canListen(port)) return port;
  }
}

async function canListen(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
  server.close();
  await once(server, 'close');
  return true;
}
