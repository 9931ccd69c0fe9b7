import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from './cluster.ts';
import { coildPod } from './containers.ts';
import type { KubeNode } from './kube-node.ts';

export interface LogLine {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly message: string;
  /** `name="value"`, after one another. */
  readonly fields: string;
}

/** What the coild of a node has logged since it was started. */
export async function coildLog(cluster: Cluster, node: string): Promise<readonly LogLine[]> {
  const { name } = await coildPod(cluster, node);
  const text = await cluster.kubectl(['-n', 'kube-system', 'logs', name, '--container=coild']);
  return parse(text);
}

/** What all coilds of a node have logged whose Pods are there: also those that were killed, by kubelet's files. */
export async function coildLogs({ disk }: KubeNode): Promise<readonly LogLine[]> {
  const pods = join(disk, 'var/log/pods');
  const files = await readdir(pods, { recursive: true });
  const its = files.filter((path) => /^kube-system_coil-node-[^/]+\/coild\/\d+\.log$/.test(path));
  const texts = await Promise.all(its.map((path) => readFile(join(pods, path), 'utf8')));
  // before each line are its time, its stream, and whether it is whole (CRI's format of logs)
  const lines = texts.flatMap((text) => parse(text.replaceAll(/^\S+ \S+ \S+ /gm, '')));
  if (lines.length === 0) throw new Error(`no line of coild's log is in ${pods}`);
  return lines;
}

function parse(text: string): LogLine[] {
  return text.split('\n').flatMap((line) => {
    const [, time, message, fields] = /^(\S+) \S+ coild \w+: "(.*?)"(?: (.*))?$/.exec(line) ?? [];
    return message === undefined ? [] : [{ at: Date.parse(time!), message, fields: fields ?? '' }];
  });
}
