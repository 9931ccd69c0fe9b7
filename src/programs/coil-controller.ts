import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { runController } from '../controller/controller.ts';
import { serveHealth } from '../controller/health-server.ts';
import { Readiness } from '../controller/readiness.ts';
import { connectKube } from '../kube/connect-kube.ts';
import { KubeLeaseStore } from '../kube/kube-lease-store.ts';
import { KubeNodeSource } from '../kube/kube-node-source.ts';
import { KubePodSource } from '../kube/kube-pod-source.ts';
import { meteredKube } from '../kube/metered-client.ts';
import { withFlags } from '../process/command-line.ts';
import { openLogger } from '../process/open-logger.ts';
import { addProcessMetrics } from '../process/process-metrics.ts';
import type { Main } from '../process/program.ts';
import { PrometheusMetrics } from '../process/prometheus-metrics.ts';
import { meteredStore } from '../store/metered-store.ts';
import { CONTROLLER_FLAGS, readControllerSettings } from './coil-controller-flags.ts';
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
    const identity = `${hostname()}_${randomUUID()}`;
    const { health, ...settings } = readControllerSettings(flags);
    using logger = openLogger(SPEC.name, flags, io.stderr);
    try {
      const metrics = new PrometheusMetrics();
      addProcessMetrics(metrics, SPEC.name);
      using connected = await connectKube({ kubeconfig: flags.kubeconfig, env: io.env });
      const client = meteredKube(connected, metrics);
      const readiness = new Readiness();
      // before it is known where etcd is: to wait for that is no reason for a restart
      await using _health = health && (await serveHealth(health, { readiness, metrics }, io));
      logger.info('coil-controller is running', { identity, health: health && `${health.host}:${health.port}` });
      readiness.report('datastore', 'Kubernetes has not told yet where etcd is');
      await using opened = await openStorePatiently(storeOptions, { ...io, kubeconfig: flags.kubeconfig, logger });
      readiness.report('datastore', undefined);
      const nodes = new KubeNodeSource({}, { client, logger, clock });
      const pods = new KubePodSource({ client });
      const leases = new KubeLeaseStore({ namespace: flags.namespace, name: SPEC.name }, { client });
      const deps = { nodes, pods, leases, readiness, metrics, logger, clock, now: () => new Date() };
      if (opened) {
        const store = meteredStore(opened, metrics);
        await runController({ identity, ...settings }, { store, ...deps }, io.signal);
      }
      logger.info('coil-controller has stopped', { identity });
      return 0;
    } catch (error) {
      // told to stop while another process had its port
      if (error === io.signal.reason) return 0;
      logger.error('coil-controller cannot go on', { error });
      return 1;
    }
  });

const clock = () => performance.now();
