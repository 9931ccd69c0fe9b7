import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectKube } from '../../src/kube/connect-kube.ts';
import type { KubeClient } from '../../src/kube/kube-client.ts';
import { eventually } from '../e2e/eventually.ts';
import { EtcdServer } from '../etcd/etcd-server.ts';
import { freePort } from '../etcd/free-port.ts';
import { kubeBinary } from './kube-binary.ts';

const READY_MS = 60_000;
/** Its user may do everything. */
export const ADMIN_TOKEN = 'admin-token';
/** The user of this token may do only what its role says. */
const CONTROLLER_TOKEN = 'controller-token';
export const CONTROLLER_USER = 'coil-controller';

/** Puts token and certificate where a Pod has them, in a mount namespace of its own. */
const AS_POD = `
  mount -t tmpfs tmpfs /run
  account=/var/run/secrets/kubernetes.io/serviceaccount
  mkdir -p $account
  printf %s "$1" >$account/token
  cp "$2" $account/ca.crt
  export KUBERNETES_SERVICE_HOST=127.0.0.1 KUBERNETES_SERVICE_PORT="$3"
  shift 3
  exec "$@"
`;

/** A real API server on loopback ports, with an etcd of its own; both and their data are gone after dispose. */
export class ApiServer implements AsyncDisposable {
  readonly port: number;
  readonly etcd: EtcdServer;
  readonly #folder: string;
  #process: ChildProcess | undefined;
  #admin: KubeClient | undefined;

  private constructor(port: number, etcd: EtcdServer, folder: string) {
    this.port = port;
    this.etcd = etcd;
    this.#folder = folder;
  }

  static async start(): Promise<ApiServer> {
    const folder = await mkdtemp(join(tmpdir(), 'coil-kube-'));
    const server = new ApiServer(await freePort(), await EtcdServer.start(), folder);
    try {
      await server.#writeFiles();
      await server.resume();
      const kubeconfig = await server.kubeconfig({ token: ADMIN_TOKEN });
      server.#admin = await connectKube({ kubeconfig, env: {} });
      // it makes the namespaces itself, a moment after it is ready
      await eventually('the namespace kube-system is there', async () => {
        await server.admin.ask({ method: 'GET', path: '/api/v1/namespaces/kube-system' }, AbortSignal.timeout(5_000));
        return true;
      });
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** May do everything. */
  get admin(): KubeClient {
    if (!this.#admin) throw new Error('the API server is not ready');
    return this.#admin;
  }

  /** Path of a kubeconfig file of its own; by default the controller's, and straight to the server. */
  async kubeconfig({ token = CONTROLLER_TOKEN, port = this.port } = {}): Promise<string> {
    const path = join(this.#folder, `kubeconfig-${randomBytes(4).toString('hex')}`);
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'test',
          cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority': `${this.#folder}/apiserver.crt` },
        },
      ],
      users: [{ name: 'test', user: { token } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
      'current-context': 'test',
    };
    await writeFile(path, JSON.stringify(config)); // YAML reads JSON
    return path;
  }

  /** What runs a command as a Pod of the controller's service account would; needs root. */
  asPod(): readonly string[] {
    const account = [CONTROLLER_TOKEN, `${this.#folder}/apiserver.crt`, String(this.port)];
    return ['unshare', '--mount', 'sh', '-ec', AS_POD, 'sh', ...account];
  }

  /** Ends the server as a crash does; its data stays. */
  async crash(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** Starts it again, on the same port with the same certificate. */
  async resume(): Promise<void> {
    const log = openSync(join(this.#folder, 'log'), 'a');
    // a test that is killed cannot clean up: its API server dies with it
    const command = ['--pdeathsig=KILL', kubeBinary('kube-apiserver'), ...this.#flags()];
    const child = spawn('setpriv', command, { stdio: ['ignore', log, log] });
    this.#process = child;
    await once(child, 'spawn');
    await eventually('the API server is ready', () => this.#isReady(child), READY_MS);
  }

  #flags(): string[] {
    const folder = this.#folder;
    return [
      `--etcd-servers=${this.etcd.url}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${this.port}`,
      `--cert-dir=${folder}`,
      `--token-auth-file=${folder}/tokens.csv`,
      '--authorization-mode=RBAC',
      `--service-account-key-file=${folder}/account.key`,
      `--service-account-signing-key-file=${folder}/account.key`,
      '--service-account-issuer=https://kubernetes.default.svc',
      '--service-cluster-ip-range=10.96.0.0/24',
      '--endpoint-reconciler-type=none',
      // as every installer of Kubernetes has it; by default it is off
      '--allow-privileged=true',
      // nothing here makes the tokens that it would wait for
      '--disable-admission-plugins=ServiceAccount',
    ];
  }

  async #writeFiles(): Promise<void> {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    await writeFile(join(this.#folder, 'account.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }));
    const tokens = [`${ADMIN_TOKEN},admin,1,system:masters`, `${CONTROLLER_TOKEN},${CONTROLLER_USER},2`];
    await writeFile(join(this.#folder, 'tokens.csv'), tokens.join('\n'));
  }

  async #isReady(child: ChildProcess): Promise<boolean> {
    if (child.exitCode !== null) {
      const log = await readFile(join(this.#folder, 'log'), 'utf8');
      throw new Error(`kube-apiserver ended with ${child.exitCode}:\n${log.slice(-2000)}`);
    }
    using client = await connectKube({ kubeconfig: await this.kubeconfig({ token: ADMIN_TOKEN }), env: {} });
    const answer = await client.stream({ method: 'GET', path: '/readyz' }, AbortSignal.timeout(5_000));
    answer.resume();
    return answer.statusCode === 200;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#admin?.[Symbol.dispose]();
    await this.crash();
    await this.etcd[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
