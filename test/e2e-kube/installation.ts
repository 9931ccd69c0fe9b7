import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { renderCopy } from '../deploy/manifests.ts';
import { ETCD_URL } from './control-plane.ts';
import type { Credentials } from './credentials.ts';
import type { Kubectl } from './kubectl.ts';

const EXAMPLE_URLS = 'https://etcd1.example:2379,https://etcd2.example:2379,https://etcd3.example:2379';
/** An empty block is kept for so long; by default it is ten minutes. */
export const SCAN_INTERVAL_MS = 3_000;

export interface InstallOptions {
  readonly credentials: Credentials;
  readonly kubectl: Kubectl;
  /** In place of that in deploy/base. */
  readonly netconf?: string;
}

/**
 * Installs Coil as README.md says: certificates and URL of etcd go into deploy/overlays/etcd, and what kubectl renders
 * of that is applied. One flag differs, by an overlay of its own.
 */
export async function installCoil({ credentials, kubectl, netconf }: InstallOptions): Promise<void> {
  const prepare = async (folder: string): Promise<string> => {
    const overlay = join(folder, 'overlays/etcd');
    await copyFile(credentials.ca, join(overlay, 'ca.crt'));
    await copyFile(credentials.etcdClient.cert, join(overlay, 'client.crt'));
    await copyFile(credentials.etcdClient.key, join(overlay, 'client.key'));
    await replace(join(overlay, 'etcd-args.yaml'), EXAMPLE_URLS, ETCD_URL);
    if (netconf !== undefined) await writeFile(join(folder, 'base/netconf.json'), netconf);
    return await shortenScan(folder);
  };
  await kubectl(['apply', '-f', '-'], await renderCopy(prepare));
}

/** An overlay over that of etcd, as an administrator writes one. */
async function shortenScan(folder: string): Promise<string> {
  const overlay = join(folder, 'overlays/e2e');
  await mkdir(overlay);
  const flag = {
    op: 'add',
    path: '/spec/template/spec/containers/0/args/-',
    value: `--scan-interval=${SCAN_INTERVAL_MS / 1000}s`,
  };
  await writeFile(join(overlay, 'flags.yaml'), stringify([flag]));
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: ['../etcd'],
    patches: [{ path: 'flags.yaml', target: { kind: 'DaemonSet', name: 'coil-node' } }],
  };
  await writeFile(join(overlay, 'kustomization.yaml'), stringify(kustomization));
  return overlay;
}

async function replace(path: string, from: string, to: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  if (!text.includes(from)) throw new Error(`${path} does not say ${from}`);
  await writeFile(path, text.replace(from, to));
}
