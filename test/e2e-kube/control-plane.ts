import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../e2e/eventually.ts';
import { kubeBinary } from '../kube/kube-binary.ts';
import { API_PORT, CONTROL_ADDRESS, SERVICE_SUBNET } from './addresses.ts';
import type { CommandLine } from './command.ts';
import type { Credentials } from './credentials.ts';
import { KubeApi } from './kube-api.ts';
import { Service } from './service.ts';

const READY_MS = 90_000;
export const ETCD_URL = `https://${CONTROL_ADDRESS}:2379`;

export interface ControlPlaneOptions {
  /** For etcd's data, and what the programs make for themselves. */
  readonly folder: string;
  readonly logs: string;
  readonly credentials: Credentials;
}

/** etcd, API server, controller manager and scheduler, in this process's network. */
export class ControlPlane implements Disposable {
  readonly api: KubeApi;
  readonly #options: ControlPlaneOptions;
  #etcd: Service;
  #apiServer: Service;

  private constructor(options: ControlPlaneOptions, api: KubeApi, [etcd, apiServer]: readonly [Service, Service]) {
    this.#options = options;
    this.api = api;
    this.#etcd = etcd;
    this.#apiServer = apiServer;
  }

  static async start(options: ControlPlaneOptions): Promise<ControlPlane> {
    const { credentials } = options;
    const datastore = await startDatastore(options);
    const plane = new ControlPlane(options, await KubeApi.connect(credentials.admin), datastore);
    await plane.#ready();
    await launch(options, 'kube-controller-manager', controllerManager(options));
    await launch(options, 'kube-scheduler', await scheduler(options));
    return plane;
  }

  /** Ends etcd and the API server; their data stays. */
  async stopDatastore(): Promise<void> {
    await Promise.all([this.#apiServer.kill(), this.#etcd.stop()]);
  }

  /** Starts the two again, and waits until the API server is ready. */
  async resumeDatastore(): Promise<void> {
    [this.#etcd, this.#apiServer] = await startDatastore(this.#options);
    await this.#ready();
  }

  async #ready(): Promise<void> {
    await eventually('the API server is ready', () => this.api.isReady(), READY_MS);
  }

  [Symbol.dispose](): void {
    this.api[Symbol.dispose]();
  }
}

async function startDatastore(options: ControlPlaneOptions): Promise<readonly [Service, Service]> {
  return [await launch(options, 'etcd', etcd(options)), await launch(options, 'kube-apiserver', apiServer(options))];
}

function launch({ logs }: ControlPlaneOptions, name: string, line: CommandLine): Promise<Service> {
  return Service.start({ name, line, logs, env: process.env });
}

function etcd({ folder, credentials: { ca, etcdServer } }: ControlPlaneOptions): CommandLine {
  const peer = 'http://127.0.0.1:2380';
  return [
    'etcd',
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${ETCD_URL}`,
    `--advertise-client-urls=${ETCD_URL}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    `--cert-file=${etcdServer.cert}`,
    `--key-file=${etcdServer.key}`,
    '--client-cert-auth',
    `--trusted-ca-file=${ca}`,
    '--logger=zap',
  ];
}

function apiServer({ folder, credentials }: ControlPlaneOptions): CommandLine {
  return [
    kubeBinary('kube-apiserver'),
    `--etcd-servers=${ETCD_URL}`,
    `--etcd-cafile=${credentials.ca}`,
    `--etcd-certfile=${credentials.etcdClient.cert}`,
    `--etcd-keyfile=${credentials.etcdClient.key}`,
    `--advertise-address=${CONTROL_ADDRESS}`,
    `--secure-port=${API_PORT}`,
    `--cert-dir=${folder}`,
    `--tls-cert-file=${credentials.apiServer.cert}`,
    `--tls-private-key-file=${credentials.apiServer.key}`,
    `--token-auth-file=${credentials.tokens}`,
    '--authorization-mode=Node,RBAC',
    `--service-account-key-file=${credentials.accountKey}`,
    `--service-account-signing-key-file=${credentials.accountKey}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-cluster-ip-range=${SERVICE_SUBNET}`,
    '--allow-privileged=true',
    '--kubelet-preferred-address-types=InternalIP',
  ];
}

function controllerManager({ folder, credentials }: ControlPlaneOptions): CommandLine {
  return [
    kubeBinary('kube-controller-manager'),
    `--kubeconfig=${credentials.admin}`,
    `--service-account-private-key-file=${credentials.accountKey}`,
    `--root-ca-file=${credentials.ca}`,
    `--cert-dir=${folder}`,
    // by default a folder in /usr
    `--flex-volume-plugin-dir=${folder}/volume-plugins`,
    '--leader-elect=false',
    '--port=0',
    ...['--kube-api-qps=100', '--kube-api-burst=200'],
  ];
}

/** What cannot be placed yet is tried again soon, however often that has failed: 10 s at most is its default. */
async function scheduler({ folder, credentials }: ControlPlaneOptions): Promise<CommandLine> {
  const config = join(folder, 'scheduler.yaml');
  // YAML reads JSON
  const settings = {
    apiVersion: 'kubescheduler.config.k8s.io/v1beta1',
    kind: 'KubeSchedulerConfiguration',
    clientConnection: { kubeconfig: credentials.admin, qps: 100, burst: 200 },
    leaderElection: { leaderElect: false },
    podMaxBackoffSeconds: 2,
  };
  await writeFile(config, JSON.stringify(settings));
  return [kubeBinary('kube-scheduler'), `--config=${config}`, `--cert-dir=${folder}`];
}
