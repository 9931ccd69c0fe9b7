import { resolveEtcdEndpoints } from '../library/resolve-etcd-endpoints.ts';
import { withDeadline } from '../process/deadline.ts';
import type { ProgramIo } from '../process/program.ts';
import { type OpenedStore, openStore, type StoreOptions } from '../store/open-store.ts';

/** Shorter than a command of coilctl may take: it is to say that it was Kubernetes which did not answer. */
const LOOK_UP_MS = 5_000;

export interface StoreSurroundings extends Pick<ProgramIo, 'env' | 'signal'> {
  /** File that tells how to reach Kubernetes; without, it is KUBECONFIG of the environment or the Pod's own way. */
  readonly kubeconfig?: string | undefined;
}

/**
 * Opens the datastore that the flags name, once Kubernetes has told what `--etcd-endpoints=@NAME` stands for.
 * @throws {CoilError} what `resolveEtcdEndpoints` and `openStore` throw
 */
export async function openConfiguredStore(
  options: StoreOptions,
  surroundings: StoreSurroundings,
): Promise<OpenedStore> {
  const { env, signal, kubeconfig = env.KUBECONFIG || undefined } = surroundings;
  if (options.medium === 'sqlite') return await openStore(options, signal);
  const config = await resolveEtcdEndpoints(options.config, signal, async (name) => {
    const { resolveEndpoints } = await import('../kube/resolve-endpoints.ts');
    return await withDeadline({ ms: LOOK_UP_MS, signal }, async (until) =>
      resolveEndpoints(name, { kubeconfig, env }, until),
    );
  });
  return await openStore({ ...options, config }, signal);
}
