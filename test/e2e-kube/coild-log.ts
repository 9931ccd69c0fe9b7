import type { Cluster } from './cluster.ts';
import { coildPod } from './containers.ts';

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
  return text.split('\n').flatMap((line) => {
    const [, time, message, fields] = /^(\S+) \S+ coild \w+: "(.*?)"(?: (.*))?$/.exec(line) ?? [];
    return message === undefined ? [] : [{ at: Date.parse(time!), message, fields: fields ?? '' }];
  });
}
