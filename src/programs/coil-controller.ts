import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { runController } from '../controller/controller.ts';
import { connectKube } from '../kube/connect-kube.ts';
import { KubeLeaseStore } from '../kube/kube-lease-store.ts';
import { KubeNodeSource } from '../kube/kube-node-source.ts';
import { KubePodSource } from '../kube/kube-pod-source.ts';
import { withFlags } from '../process/command-line.ts';
import { openLogger } from '../process/open-logger.ts';
import type { Main } from '../process/program.ts';
import { CONTROLLER_FLAGS, readControllerOptions } from './coil-controller-flags.ts';
import { openStorePatiently } from './open-store-patiently.ts';
import { readStoreOptions } from './store-options.ts';

const SPEC = {
  name: 'coil-controller',
  summary: "Coil's controller: takes blocks from nodes that are gone, and compares addresses with Pods.",
  flags: CONTROLLER_FLAGS,
  epilogue: 'Any number of them may run; the one that holds the Lease coil-controller acts.',
};

/** The cluster's controller. Runs until it is told to stop. */
export const main: Main = (io) =>
  withFlags(SPEC, io, async (flags) => {
    const storeOptions = readStoreOptions(flags);
    const options = { identity: `${hostname()}_${randomUUID()}`, ...readControllerOptions(flags) };
    using logger = openLogger(SPEC.name, flags, io.stderr);
    try {
      using client = await connectKube({ kubeconfig: flags.kubeconfig, env: io.env });
      await using store = await openStorePatiently(storeOptions, { ...io, kubeconfig: flags.kubeconfig, logger });
      if (!store) return 0;
      const nodes = new KubeNodeSource({}, { client, logger, clock });
      const pods = new KubePodSource({ client });
      const leases = new KubeLeaseStore({ namespace: flags.namespace, name: SPEC.name }, { client });
      const deps = { store, nodes, pods, leases, logger, clock, now: () => new Date() };
      await runController(options, deps, io.signal);
      return 0;
    } catch (error) {
      logger.error('coil-controller cannot go on', { error });
      return 1;
    }
  });

const clock = () => performance.now();
