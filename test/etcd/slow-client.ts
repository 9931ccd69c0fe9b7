import { CoilError } from '../../src/model/error.ts';
import { EtcdClient } from '../../src/store/etcd/etcd-client.ts';
import type { EtcdConfig } from '../../src/store/etcd/etcd-config.ts';
import type { TxnResponse } from '../../src/store/etcd/etcd-messages.ts';
import { soon } from '../contract/store-fixture.ts';

/** A coild's way to etcd, on which changes can be kept back, and arrive after the coild has given them up. */
export class SlowClient implements AsyncDisposable {
  /** Asks etcd, or does not. */
  readonly client: EtcdClient;
  /** Lets what was kept back arrive, and gives what etcd answers. */
  readonly late: (() => Promise<TxnResponse>)[] = [];
  isSlow = false;
  /** Fails what is kept back. */
  break = (): void => undefined;
  /** Called before each change. */
  interrupt: (() => Promise<void>) | undefined;
  readonly #client: EtcdClient;

  constructor(options: EtcdConfig) {
    this.#client = new EtcdClient(options);
    const transact: EtcdClient['transact'] = async (what, request, signal) => {
      if (request.compare) await this.interrupt?.();
      if (!this.isSlow || !request.compare) return await this.#client.transact(what, request, signal);
      this.late.push(() => this.#client.transact(what, request, soon()));
      const { promise, reject } = Promise.withResolvers<never>();
      this.break = () => reject(new CoilError('store-unavailable', 'the connection broke'));
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      return await promise;
    };
    this.client = new Proxy(this.#client, {
      get: (target, member: keyof EtcdClient) => {
        if (member === 'transact') return transact;
        const value: unknown = target[member];
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }
}
