import type { Cluster } from './cluster.ts';

/** What a user would see. It leaves no workload behind. */
export interface Scenario {
  readonly name: string;
  /** @param tell says something that is worth to be known, such as how long it took */
  run(cluster: Cluster, tell: (text: string) => void): Promise<void>;
}
