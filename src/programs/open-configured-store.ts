import { resolveEtcdEndpoints } from '../library/resolve-etcd-endpoints.ts';
import type { ProgramIo } from '../process/program.ts';
import type { IpamStore } from '../store/ipam-store.ts';
import { openStore, type StoreOptions } from '../store/open-store.ts';

export interface StoreSurroundings extends Pick<ProgramIo, 'env' | 'signal'> {
  /** File that tells how to reach Kubernetes; without, it is KUBECONFIG of the environment or the Pod's own way. */
  readonly kubeconfig?: string | undefined;
}

/**
 * Opens the datastore that the flags name, once Kubernetes has told what `--etcd-endpoints=@NAME` stands for.
 * @throws {CoilError} what `resolveEtcdEndpoints` and `openStore` throw
 */
export async function openConfiguredStore(options: StoreOptions, surroundings: StoreSurroundings): Promise<IpamStore> {
  const { env, signal, kubeconfig = env.KUBECONFIG || undefined } = surroundings;
  if (options.medium === 'sqlite') return await openStore(options, signal);
  const config = await resolveEtcdEndpoints(options.config, signal, async (name) => {
    const { resolveEndpoints } = await import('../kube/resolve-endpoints.ts');
    return await resolveEndpoints(name, { kubeconfig, env }, signal);
  });
  return await openStore({ ...options, config }, signal);
}
