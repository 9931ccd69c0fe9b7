import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { EtcdServer } from './etcd-server.ts';

const run = promisify(execFile);
const ENV = { ...process.env, ETCDCTL_API: '3' };

/** `etcdctl snapshot save`. @returns the backup's path, in the server's folder */
export async function saveBackup({ folder, url }: EtcdServer): Promise<string> {
  const backup = join(folder, 'backup.db');
  await run('etcdctl', [`--endpoints=${url}`, 'snapshot', 'save', backup], { env: ENV });
  return backup;
}

/** `etcdctl snapshot restore`, in the place of what the server has now. It runs afterwards. */
export async function restoreBackup({ member, folder, peerUrl }: EtcdServer, backup: string): Promise<void> {
  await member.kill();
  const data = join(folder, 'data');
  await rm(data, { recursive: true });
  const peers = [`--initial-cluster=default=${peerUrl}`, `--initial-advertise-peer-urls=${peerUrl}`];
  await run('etcdctl', ['snapshot', 'restore', backup, `--data-dir=${data}`, ...peers], { env: ENV });
  await member.start();
}
