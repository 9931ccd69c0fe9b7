import { after, before } from 'node:test';
import { EtcdFixture } from '../etcd/etcd-fixture.ts';
import { EtcdServer } from '../etcd/etcd-server.ts';
import { ipamStoreContract } from './ipam-store-contract.ts';

let server: EtcdServer;
before(async () => {
  server = await EtcdServer.start();
});
after(async () => await server[Symbol.asyncDispose]());

ipamStoreContract('EtcdIpamStore', async () => new EtcdFixture(server));

ipamStoreContract('EtcdIpamStore of a coild', async () => {
  const fixture = new EtcdFixture(server);
  let coilds = 0;
  return {
    open: () => fixture.open({ node: `coild${coilds++}` }),
    [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
  };
});
