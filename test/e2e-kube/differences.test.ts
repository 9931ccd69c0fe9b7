import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostIfname } from '../../src/podnet/host-ifname.ts';
import { differences } from './differences.ts';
import type { Observed, ObservedNode } from './observed.ts';

const LINK = hostIfname('default', 'web-0', 'eth0');
const NODE1: ObservedNode = {
  ...{ name: 'node1', address: '192.0.2.1' },
  sandboxes: [
    { id: 'c0', namespace: 'default', pod: 'web-0', uid: 'u0', ip: '10.11.0.1', addresses: ['10.11.0.1'] },
    { id: 'h0', namespace: 'kube-system', pod: 'coil-node', uid: 'host', ip: '', addresses: [] },
  ],
  links: [{ name: LINK, alias: 'c0/eth0' }],
  podRoutes: [{ dst: '10.11.0.1', dev: LINK }],
  ...{ exported: ['10.11.0.0/28'], learnt: [] },
};
const NODE2: ObservedNode = {
  ...{ name: 'node2', address: '192.0.2.2', sandboxes: [], links: [], podRoutes: [] },
  ...{ exported: [], learnt: ['10.11.0.0/28'] },
};
const WEB = {
  namespace: 'default',
  pod: 'web-0',
  uid: 'u0',
  containerId: 'c0',
  ip: '10.11.0.1',
  block: '10.11.0.0/28',
};
const AGREED: Observed = {
  pods: [{ namespace: 'default', name: 'web-0', uid: 'u0', node: 'node1', ip: '10.11.0.1' }],
  ...{ hostNetworkUids: ['host'], unsettled: [] },
  blocks: [{ pool: 'default', block: '10.11.0.0/28', node: 'node1' }],
  owners: new Map([['10.11.0.0/28', 'node1']]),
  ...{ addresses: [WEB], strays: [] },
  nodes: [NODE1, NODE2],
};
const SECOND_BLOCK = { pool: 'default', block: '10.11.0.16/28', node: 'node1' };

/** What differs, and what has to be said of it. */
const CASES: Readonly<Record<string, readonly [Partial<Observed>, RegExp]>> = {
  'a Pod that does not settle': [{ unsettled: ['web-1 is Pending'] }, /web-1 is Pending/],
  'a sandbox without a Pod': [{ pods: [] }, /sandbox c0 of web-0 on node1 has no Pod/],
  'a Pod without a sandbox': [{ nodes: [{ ...NODE1, sandboxes: [] }, NODE2] }, /web-0 has 0 sandboxes/],
  'an address that nobody has': [{ addresses: [WEB, { ...WEB, containerId: 'gone' }] }, /gone is not there/],
  'an address in a free block': [{ strays: ['10.11.1.0/3'] }, /10\.11\.1\.0\/3 is assigned, in a block that no/],
  'a Pod without an address': [{ addresses: [] }, /0 addresses are assigned/],
  'another address than the Pod has': [{ addresses: [{ ...WEB, ip: '10.11.0.2' }] }, /10\.11\.0\.1, and 10\.11\.0\.2/],
  'the UID of an earlier Pod': [{ addresses: [{ ...WEB, uid: 'earlier' }] }, /u0, and earlier/],
  'a block without an owner': [{ owners: new Map() }, /node1, and nobody/],
  'an owner of a free block': [{ owners: new Map([...AGREED.owners, ['10.11.1.0/28', 'node2']]) }, /and is free/],
  'a block of another node': [
    { blocks: [{ ...AGREED.blocks[0]!, node: 'node2' }], owners: new Map([['10.11.0.0/28', 'node2']]) },
    /the node of 10\.11\.0\.1, and that of its block/,
  ],
  'two empty blocks': [
    { blocks: [...AGREED.blocks, SECOND_BLOCK, { ...SECOND_BLOCK, block: '10.11.0.32/28' }] },
    /keeps empty blocks: 10\.11\.0\.16\/28 10\.11\.0\.32\/28/,
  ],
  'a link without a Pod': [
    { nodes: [{ ...NODE1, links: [...NODE1.links, { name: 'vethx', alias: undefined }] }, NODE2] },
    /too many: vethx/,
  ],
  'the link of an earlier sandbox': [
    { nodes: [{ ...NODE1, links: [{ name: LINK, alias: 'c9/eth0' }] }, NODE2] },
    /missing: .*c0/,
  ],
  'a Pod without a route': [{ nodes: [{ ...NODE1, podRoutes: [] }, NODE2] }, /routes to Pods on node1 .*missing/],
  'a block that is not exported': [{ nodes: [{ ...NODE1, exported: [] }, NODE2] }, /table 119 of node1 .*missing/],
  'a block that is exported by another': [
    { nodes: [NODE1, { ...NODE2, exported: ['10.11.0.0/28'] }] },
    /119 of node2 .*many/,
  ],
  'a block that the other node has not learnt': [
    { nodes: [NODE1, { ...NODE2, learnt: [] }] },
    /main table of node2.*missing/,
  ],
};

test('nothing is said of a cluster whose parts agree', () => {
  assert.deepEqual(differences(AGREED), []);
  const spare = { ...AGREED, blocks: [...AGREED.blocks, SECOND_BLOCK] };
  const owners = new Map([...AGREED.owners, [SECOND_BLOCK.block, 'node1']]);
  const exported = { ...NODE1, exported: ['10.11.0.0/28', '10.11.0.16/28'] };
  const nodes = [exported, { ...NODE2, learnt: exported.exported }];
  assert.deepEqual(differences({ ...spare, owners, nodes }), []);
});

for (const [name, [change, said]] of Object.entries(CASES)) {
  test(`${name} is told of`, () => {
    assert.match(differences({ ...AGREED, ...change }).join('\n'), said);
  });
}
