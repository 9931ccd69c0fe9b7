import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { Etcd3 } from 'etcd3';
import { asProcess } from '../contract/cni-client.ts';
import { restoreBackup, saveBackup } from '../etcd/etcd-backup.ts';
import { EtcdServer } from '../etcd/etcd-server.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { askCoild, statusOf } from './ask-coild.ts';
import { openEtcdOn } from './datastores.ts';
import { eventually } from './eventually.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { addressesOf, type Sandbox } from './sandbox.ts';
import { Scene } from './scene.ts';

const FLAGS = ['--spare-blocks=0', '--http='] as const;
const UNRECORDED = /^coil_node_unrecorded_addresses (\d+)$/m;

test('Pods that a backup of etcd does not know are told of, though it has overtaken itself, and keep their addresses', {
  skip: needsRoot,
  timeout: 120_000,
}, async () => {
  await using server = await EtcdServer.start();
  const pools = [['default', '10.11.0.0/28', 2]] as const;
  await using node = await NodeUnderTest.create((place) => openEtcdOn(server, place), { pools });
  await node.startCoild(...FLAGS);
  await using scene = new Scene(node, asProcess(node.dist.coil));
  const add = async () => {
    const sandbox = await scene.sandbox();
    const [address = ''] = addressesOf(await sandbox.add());
    return { sandbox, address };
  };
  for (let i = 0; i < 3; i++) await add();
  const backup = await saveBackup(server);
  // one in the block that the backup knows, one in a block that it does not
  const [inKnown, inNew] = [await add(), await add()];
  await node.coild.stop();
  await restoreAndOvertake(server, backup);
  const { store } = node.datastore;
  const request = { node: 'node2', pool: 'default', family: 4, isSpare: false } as const;
  const { block } = await eventually('node2 has a block', () =>
    store.acquireBlock(request, AbortSignal.timeout(5_000)),
  );
  assert.equal(String(block), '10.11.0.4/30', 'that of a Pod of node1');
  await node.startCoild(...FLAGS);
  const expected = [
    unrecorded(inKnown, 'nobody has a record of it'),
    unrecorded(inNew, "its block is not this node's"),
  ];
  const told = await eventually('coild tells of both', async () => {
    const lines = node.coild.log.filter(({ message }) => message.includes('not recorded for it'));
    return lines.length === expected.length && lines;
  });
  assert.deepEqual(
    told.map(({ address, link, owner, reason, severity }) => ({ address, link, owner, reason, severity })),
    expected.map((each) => ({ ...each, severity: 'warning' })),
  );
  assert.ok(!node.coild.output.includes('gone back to an earlier state'), 'nothing else has noticed it');
  assert.deepEqual((await statusOf(node))['unrecorded-addresses'], expected);
  assert.equal(UNRECORDED.exec(await askCoild(node, '/metrics'))?.[1], '2');
  const next = await add();
  assert.ok(![inKnown.address, inNew.address].includes(next.address), next.address);
  // links are deleted in the background
  const left = (addresses: readonly object[] | undefined) => async () =>
    isDeepStrictEqual((await statusOf(node))['unrecorded-addresses'], addresses);
  await inKnown.sandbox.del();
  await eventually('one is left', left(expected.slice(1)));
  await inNew.sandbox.del();
  await eventually('none is left', left(undefined));
  assert.equal(UNRECORDED.exec(await askCoild(node, '/metrics'))?.[1], '0');
});

function unrecorded({ sandbox, address }: { readonly sandbox: Sandbox; readonly address: string }, reason: string) {
  return { address, link: sandbox.hostLink, owner: `${sandbox.containerId}/eth0`, reason };
}

/** Others change etcd after the restoration until it is beyond the last revision that anybody saw before. */
async function restoreAndOvertake(server: EtcdServer, backup: string): Promise<void> {
  using others = disposable(new Etcd3({ hosts: server.url }));
  const change = async () => Number((await others.put('others').value('')).header.revision);
  const before = await change();
  await restoreBackup(server, backup);
  let after = 0;
  do after = await eventually('etcd answers', change);
  while (after <= before);
}

function disposable(etcd: Etcd3): Etcd3 & Disposable {
  return Object.assign(etcd, { [Symbol.dispose]: () => etcd.close() });
}
