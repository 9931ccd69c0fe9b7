import type { DemoRun } from './demo-run.ts';
import { startEtcd } from './etcd.ts';
import type { Node } from './node.ts';

/** Media that the demo can keep Coil's state in. */
export const MEDIA = ['sqlite', 'etcd'] as const;
export type Medium = (typeof MEDIA)[number];

/** By which coild and coilctl find it from the namespace of either node. */
export interface Datastore {
  readonly flags: readonly string[];
  readonly logs: readonly string[];
}

/** One file, which both nodes share since they are one machine; or etcd on `node`, which may not answer yet. */
export async function openDatastore(run: DemoRun, medium: Medium, node: Node): Promise<Datastore> {
  if (medium === 'sqlite') return { flags: [`--store=sqlite:${run.path('coil.db')}`], logs: [] };
  const { url, log } = await startEtcd(run, node);
  return { flags: ['--store=etcd', `--etcd-endpoints=${url}`], logs: [log] };
}
