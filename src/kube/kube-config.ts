import { Agent as HttpAgent } from 'node:http';
import { Agent, type RequestOptions } from 'node:https';
import { delimiter } from 'node:path';
import type { Cluster } from '@kubernetes/client-node';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { CoilError } from '../model/error.ts';
import { errorText } from '../process/error-text.ts';
import type { Credentials, KubeAccess } from './kube-access.ts';

/** As client-go has it: finds a connection dead that a firewall forgot, before a load balancer would end it. */
const KEEPALIVE_MS = 30_000;

/**
 * Reads how to reach the API server: from the kubeconfig files, which are merged as kubectl does, or else as a Pod does,
 * with its service account.
 *
 * The Kubernetes client serves for this alone: it knows tokens that are rotated, commands that give credentials, OIDC
 * and proxies. Its requests open a connection each, and it loses the errors of a watch.
 *
 * @throws {CoilError} invalid-argument
 */
export function readKubeConfig(kubeconfig: string | undefined): KubeAccess {
  const config = kubeconfig === undefined ? podConfig() : fileConfig(kubeconfig);
  const cluster = config.getCurrentCluster();
  if (!cluster) {
    const context = JSON.stringify(config.getCurrentContext() ?? '');
    throw new CoilError(
      'invalid-argument',
      `--kubeconfig ${kubeconfig}: its current context ${context} has no cluster`,
    );
  }
  // without encryption there is no certificate to verify; kubectl takes such a server, the client only this way
  if (isPlain(cluster)) Object.assign(cluster, { skipTLSVerify: true });
  const agents = new AgentKeeper(cluster);
  const credentials = async (): Promise<Credentials> => {
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    const { headers, auth } = options;
    return { agent: agents.agentFor(options), ...(headers && { headers }), ...(auth && { auth }) };
  };
  return { server: cluster.server.replace(/\/+$/, ''), credentials, close: () => agents.close() };
}

function podConfig(): KubeConfig {
  const config = new KubeConfig();
  config.loadFromCluster();
  return config;
}

function fileConfig(kubeconfig: string): KubeConfig {
  const [first, ...others] = kubeconfig.split(delimiter).filter(Boolean).map(loadFile);
  if (!first) throw new CoilError('invalid-argument', '--kubeconfig takes the name of a file');
  for (const other of others) first.mergeConfig(other);
  return first;
}

function loadFile(file: string): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromFile(file);
  } catch (cause) {
    const message = `--kubeconfig: cannot read ${file}: ${errorText(cause)}`;
    throw new CoilError('invalid-argument', message, { cause });
  }
  return config;
}

function isPlain({ server }: Cluster): boolean {
  return server.startsWith('http:');
}

/** Connections are kept for as long as certificates and key stay what they are; kubelet and others rotate them. */
class AgentKeeper {
  readonly #cluster: Cluster;
  #current: { readonly agent: HttpAgent; readonly key: string } | undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  agentFor(options: RequestOptions): HttpAgent {
    // through a proxy, only the client's own agent knows the way
    if (this.#cluster.proxyUrl) return options.agent as HttpAgent;
    const { ca, cert, key, pfx, passphrase, servername, rejectUnauthorized } = options;
    const given = { ca, cert, key, pfx, passphrase, servername, rejectUnauthorized };
    const identity = JSON.stringify(given);
    if (this.#current?.key === identity) return this.#current.agent;
    this.close();
    const tls = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    const keep = { keepAlive: true, keepAliveMsecs: KEEPALIVE_MS };
    const agent = isPlain(this.#cluster) ? new HttpAgent(keep) : new Agent({ ...keep, ...tls });
    this.#current = { agent, key: identity };
    return agent;
  }

  /** What is under way on its connections fails. */
  close(): void {
    this.#current?.agent.destroy();
    this.#current = undefined;
  }
}
