import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { kustomizers } from '../deploy/kustomizers.ts';
import { containerdMissing } from '../e2e/requirements.ts';
import { kubeBinary } from '../kube/kube-binary.ts';
import { OWN_FOLDERS } from './node-boot.ts';

const KUBERNETES = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kubectl'];
const PROGRAMS = ['bird', 'birdc', 'etcd', 'etcdctl', 'nft', 'openssl', 'tc'];
const PLUGINS = ['bandwidth', 'loopback', 'portmap'].map((name) => join('/usr/lib/cni', name));

/** Why the scenarios cannot run here, a sentence's end each: `needs root`. */
export function missing(): readonly string[] {
  const others = [...KUBERNETES.map(kubeBinary), ...PLUGINS].filter((path) => !isExecutable(path));
  const reasons = [containerdMissing(), ...[...PROGRAMS.filter((name) => !isInPath(name)), ...others].map(needs)];
  if (kustomizers().length === 0) reasons.push(needs('kubectl'));
  for (const path of [import.meta.dirname, process.execPath, kubeBinary('kubelet')]) {
    const folder = OWN_FOLDERS.find((own) => path.startsWith(`${own}/`));
    if (folder) reasons.push(needs(`${path} elsewhere: a node has a ${folder} of its own`));
  }
  return reasons.filter((reason) => reason !== undefined);
}

function needs(what: string): string {
  return `needs ${what}`;
}

function isInPath(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => isExecutable(join(folder, name)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
