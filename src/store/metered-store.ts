import { CoilError } from '../model/error.ts';
import type { Metrics } from '../process/metrics.ts';
import type { OpenedStore } from './open-store.ts';

/** The calls that are counted, as the port names them. */
const OPERATIONS = [
  'acquireBlock',
  'allocate',
  'checkWritable',
  'findAddress',
  'free',
  'getBlockAssignment',
  'getPool',
  'listAddresses',
  'listBlocks',
  'listNodeBlocks',
  'listPools',
  'readBoot',
  'releaseBlock',
  'releaseNode',
  'writeBoot',
] as const satisfies readonly (keyof OpenedStore)[];

/** In seconds: a datastore that is well answers within 10 ms. */
const BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

/** The store, whose calls are counted and timed, and the watches that it begins. */
export function meteredStore(store: OpenedStore, metrics: Metrics): OpenedStore {
  const requests = metrics.counter({
    name: 'coil_datastore_requests_total',
    help: 'Calls of the datastore by how they ended: ok, or the code of the error',
    labels: ['operation', 'result'],
  });
  const durations = metrics.histogram({
    name: 'coil_datastore_request_duration_seconds',
    help: 'How long calls of the datastore took, those that failed too',
    labels: ['operation'],
    buckets: BUCKETS,
  });
  const watches = metrics.counter({
    name: 'coil_datastore_watches_total',
    help: 'Watches that were begun: each after the first one had to begin anew',
  });
  const timed = (operation: string, call: (...args: unknown[]) => Promise<unknown>) => {
    return async (...args: unknown[]) => {
      const begun = performance.now();
      let result = 'ok';
      try {
        return await call.apply(store, args);
      } catch (error) {
        result = CoilError.is(error) ? error.code : 'aborted';
        throw error;
      } finally {
        const seconds = (performance.now() - begun) / 1000;
        requests.add({ operation, result });
        durations.observe({ operation }, seconds);
      }
    };
  };
  const metered = new Map<PropertyKey, unknown>(
    OPERATIONS.map((name) => [name, timed(name, store[name] as (...args: unknown[]) => Promise<unknown>)]),
  );
  metered.set('watchNode', (...args: Parameters<OpenedStore['watchNode']>) => {
    watches.add({});
    return store.watchNode(...args);
  });
  return new Proxy(store, {
    get(target, name) {
      if (metered.has(name)) return metered.get(name);
      const found: unknown = Reflect.get(target, name);
      return typeof found === 'function' ? found.bind(target) : found;
    },
  });
}
