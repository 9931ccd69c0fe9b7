import { Daemon } from './daemon.ts';
import type { DemoRun } from './demo-run.ts';
import type { Node } from './node.ts';

/**
 * Starts an etcd of one member on the node's address: loopback would be one node's alone.
 * @returns the URL for its clients, and its log
 */
export async function startEtcd(run: DemoRun, node: Node): Promise<{ readonly url: string; readonly log: string }> {
  const url = `http://${node.address}:2379`;
  const peer = `http://${node.address}:2380`;
  const line = [
    'etcd',
    `--data-dir=${run.path('etcd')}`,
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    '--logger=zap',
  ] as const;
  const { log } = await Daemon.start(run, { title: 'etcd', netns: node.netns, line, log: 'etcd.log' });
  return { url, log };
}
