import { kubeBinary } from '../kube/kube-binary.ts';
import { run } from './command.ts';

const CALL_MS = 120_000;

/** `kubectl ARGS`, as one who may do everything. @returns what it printed */
export type Kubectl = (args: readonly string[], input?: string) => Promise<string>;

export function createKubectl(kubeconfig: string): Kubectl {
  return (args, input) =>
    run([kubeBinary('kubectl'), `--kubeconfig=${kubeconfig}`, ...args], {
      timeoutMs: CALL_MS,
      ...(input !== undefined && { input }),
    });
}
