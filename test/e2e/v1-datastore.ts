import { EtcdFixture } from '../etcd/etcd-fixture.ts';
import type { EtcdServer } from '../etcd/etcd-server.ts';
import type { OpenDatastore } from './datastores.ts';
import { Relay } from './relay.ts';

/** An etcd with nothing in it but what a test, as v1, writes past our store. */
export class V1Datastore implements AsyncDisposable {
  readonly fixture: EtcdFixture;
  readonly #server: EtcdServer;

  constructor(server: EtcdServer) {
    this.#server = server;
    this.fixture = new EtcdFixture(server);
  }

  /** Writes keys, without their prefix. */
  async put(keys: Readonly<Record<string, string>>): Promise<void> {
    for (const [key, value] of Object.entries(keys)) await this.fixture.keys.put(key).value(value);
  }

  /** For a node under test. */
  readonly open: OpenDatastore = async ({ netns }) => {
    const { host, port, url } = this.#server;
    const relay = await Relay.listen({ listen: { netns, port }, target: { host, port } });
    return {
      flags: [`--etcd-endpoints=${url}`, `--etcd-prefix=${this.fixture.prefix}`],
      store: await this.fixture.open(),
      interrupt: () => relay.cut(),
      restore: () => relay.restore(),
      [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
    };
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fixture[Symbol.asyncDispose]();
  }
}
