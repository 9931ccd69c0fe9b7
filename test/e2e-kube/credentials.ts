import { generateKeyPairSync } from 'node:crypto';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CertificateAuthority, type KeyPair } from '../etcd/certificate-authority.ts';
import { API_PORT, API_SERVICE_ADDRESS, CONTROL_ADDRESS } from './addresses.ts';

/** By what the parts of the cluster know each other. All are files in one folder. */
export interface Credentials {
  readonly folder: string;
  /** Certificate of the authority that all the others are from. */
  readonly ca: string;
  readonly etcdServer: KeyPair;
  readonly etcdClient: KeyPair;
  readonly apiServer: KeyPair;
  /** Signs the tokens of service accounts. */
  readonly accountKey: string;
  /** The API server's file of tokens. */
  readonly tokens: string;
  /** Kubeconfig of one who may do everything. */
  readonly admin: string;
}

/** @param nodes their names */
export async function issueCredentials(folder: string, nodes: readonly string[]): Promise<Credentials> {
  const authority = await CertificateAuthority.create();
  const path = (name: string) => join(folder, name);
  const [etcdServer, etcdClient, apiServer] = await Promise.all([
    authority.issue('etcd', CONTROL_ADDRESS),
    authority.issue('etcd-client'),
    authority.issue('kube-apiserver', CONTROL_ADDRESS, API_SERVICE_ADDRESS),
  ]);
  await copyFile(authority.cert, path('ca.crt'));
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  await writeFile(path('account.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }));
  const users = [
    `${tokenOf('admin')},admin,admin,system:masters`,
    ...nodes.map((node) => `${tokenOf(node)},system:node:${node},${node},system:nodes`),
  ];
  await writeFile(path('tokens.csv'), users.join('\n'));
  await writeFile(path('admin.conf'), kubeconfig('admin', path('ca.crt')));
  return {
    ...{ folder, ca: path('ca.crt'), etcdServer, etcdClient, apiServer },
    ...{ accountKey: path('account.key'), tokens: path('tokens.csv'), admin: path('admin.conf') },
  };
}

/** For who has the user's token. @param ca path of the certificate to trust, as that user sees it */
export function kubeconfig(user: string, ca: string): string {
  // YAML reads JSON
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'e2e', cluster: { server: `https://${CONTROL_ADDRESS}:${API_PORT}`, 'certificate-authority': ca } },
    ],
    users: [{ name: user, user: { token: tokenOf(user) } }],
    contexts: [{ name: 'e2e', context: { cluster: 'e2e', user } }],
    'current-context': 'e2e',
  });
}

function tokenOf(user: string): string {
  return `${user}-token`;
}
