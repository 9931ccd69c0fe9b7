import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { Etcd3, type IOptions, Range } from 'etcd3';
import { EtcdIpamStore, type EtcdIpamStoreOptions } from '../../src/store/etcd/etcd-ipam-store.ts';
import { ipamStoreContract } from '../contract/ipam-store-contract.ts';
import { acquired, fails, type StoreFixture, soon } from '../contract/store-fixture.ts';
import { eventually } from '../e2e/eventually.ts';
import { CertificateAuthority, type KeyPair } from './certificate-authority.ts';
import { EtcdCluster } from './etcd-cluster.ts';

/** All that the user may read and write. */
const PREFIX = '/coil/';
const USER = { username: 'coil', password: 'secret' };

let authority: CertificateAuthority;
let client: KeyPair;
let cluster: EtcdCluster;
before(async () => {
  authority = await CertificateAuthority.create();
  client = await authority.issue('node');
  const server = await authority.issue('server');
  const certificates = [`--cert-file=${server.cert}`, `--key-file=${server.key}`];
  const flags = [...certificates, '--client-cert-auth', `--trusted-ca-file=${authority.cert}`];
  cluster = await EtcdCluster.start({ scheme: 'https', flags });
  await switchAuthOn();
});
after(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await authority?.[Symbol.asyncDispose]();
});

/** As etcd's manual has it: root, and a user with a role that reaches no further than a prefix. */
async function switchAuthOn(): Promise<void> {
  const [rootCertificate, privateKey, certChain] = await Promise.all(
    [authority.cert, client.key, client.cert].map((file) => readFile(file)),
  );
  const options: IOptions = {
    // this client cannot be given addresses over TLS
    hosts: cluster.urls.map((url) => url.replace('127.0.0.1', 'localhost')),
    credentials: { rootCertificate: rootCertificate!, privateKey: privateKey!, certChain: certChain! },
  };
  const admin = new Etcd3(options);
  try {
    await admin.role('root').create();
    await admin.user('root').create('root');
    await admin.user('root').addRole('root');
    await admin.role('coil').create();
    await admin.role('coil').grant({ permission: 'Readwrite', range: Range.prefix(PREFIX) });
    await admin.user(USER.username).create(USER.password);
    await admin.user(USER.username).addRole('coil');
    await admin.auth.authEnable();
  } finally {
    admin.close();
  }
}

function open(options: Partial<EtcdIpamStoreOptions> = {}): EtcdIpamStore {
  const tls = { tlsCa: authority.cert, tlsCert: client.cert, tlsKey: client.key };
  return new EtcdIpamStore({ endpoints: cluster.urls, prefix: PREFIX, ...USER, ...tls, ...options });
}

/** A datastore under a prefix of its own, within that of the user. */
function setup(): StoreFixture {
  const prefix = `${PREFIX}${randomUUID()}/`;
  const stores = new AsyncDisposableStack();
  return {
    open: async () => stores.use(open({ prefix })),
    [Symbol.asyncDispose]: () => stores.disposeAsync(),
  };
}

ipamStoreContract('EtcdIpamStore over TLS, as a user of three members', async () => setup());

describe('over TLS, as a user of three members', { timeout: 60_000 }, () => {
  test('nothing outside of the prefix can be read', async () => {
    await using store = open({ prefix: '/other/' });
    await fails(store.listPools(soon()), 'store-unavailable', /permission denied/);
  });

  test('endpoints without a scheme are taken as https', async () => {
    await using store = open({ endpoints: cluster.urls.map((url) => url.replace('https://', '')) });
    await store.listPools(soon());
  });

  test('members are killed one after the other, and the user stays logged in', async () => {
    await using fixture = setup();
    const store = await fixture.open();
    await acquired(store, 'node1');
    for (const member of cluster.members) {
      await member.kill();
      await eventually('a call succeeds', async () => (await store.listPools(soon())).size === 1);
      await member.start();
    }
    const watch = store.watchNode('node1', soon())[Symbol.asyncIterator]();
    const { value } = await watch.next();
    assert.ok(value?.kind === 'snapshot');
    assert.equal(value.blocks.length, 1);
    await watch.return?.();
  });
});
