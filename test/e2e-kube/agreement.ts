import assert from 'node:assert/strict';
import { eventually } from '../e2e/eventually.ts';
import type { Cluster } from './cluster.ts';
import { coildLogs } from './coild-log.ts';
import { differences } from './differences.ts';
import { observe } from './observe.ts';

/** For Pods to be gone, blocks to be returned after a scan, and BGP to tell of it. */
const AGREE_MS = 45_000;

/**
 * Compares etcd, the kernels, containerd and the API server, until they agree.
 * @throws where they do not in time, with all that differs
 */
export async function assertAgreement(cluster: Cluster): Promise<void> {
  let last: readonly string[] = ['nothing could be compared'];
  const agree = async () => {
    last = differences(await observe(cluster));
    return last.length === 0;
  };
  await eventually('all parts of the cluster agree', agree, AGREE_MS).catch((cause: unknown) => {
    throw new Error(`the parts of the cluster do not agree:\n${last.join('\n')}`, { cause });
  });
}

/**
 * Nobody takes anything away in a scenario: what a coild had to put right, it had left wrong. To be called before its
 * Pod is replaced, too, whose log goes with it.
 */
export async function assertNothingMended({ nodes }: Pick<Cluster, 'nodes'>): Promise<void> {
  for (const node of nodes) {
    const mended = (await coildLogs(node)).filter(({ message }) => /^(put back|set the link)/.test(message));
    assert.deepEqual(mended, [], `coild of ${node.name}`);
  }
}
