import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { AddressPool } from '../model/address-pool.ts';
import { CoilError } from '../model/error.ts';
import { IpPrefix } from '../model/ip-prefix.ts';
import type { AddressRecord, NodeSnapshot } from '../store/ipam-store.ts';
import { NodeState } from './node-state.ts';

const subnet = IpPrefix.parse('10.0.0.0/24');
const a = IpPrefix.parse('10.0.0.0/30');
const b = IpPrefix.parse('10.0.0.4/30');
const always = () => true;

let now = 0;
let state: NodeState;
beforeEach(() => {
  now = 0;
  state = new NodeState({ restMs: 30 }, { clock: () => now });
});

function record(
  block: IpPrefix,
  offset: number,
  containerId: string,
  revision: number,
  ifname?: string,
): AddressRecord {
  const assignment = { containerId, namespace: 'ns', pod: `pod-${containerId}`, createdAt: '2026-01-01T00:00:00Z' };
  return { block, offset, revision, assignment: ifname === undefined ? assignment : { ...assignment, ifname } };
}

function snapshot(revision: number, blocks: IpPrefix[], addresses: AddressRecord[] = []): NodeSnapshot {
  const pools = new Map([['default', new AddressPool([subnet], 2)]]);
  return {
    kind: 'snapshot',
    revision,
    pools,
    blocks: blocks.map((block) => ({ pool: 'default', block })),
    addresses,
    unreadable: [],
  };
}

const offsets = () => state.records.map(({ offset }) => offset);
const owned = () => state.blocks.map(({ block }) => block.toString());

test('a snapshot tells the blocks and addresses, and where round robin goes on', () => {
  state.reset(snapshot(10, [a], [record(a, 0, 'x', 9), record(a, 2, 'y', 4)]));
  assert.deepEqual(owned(), ['10.0.0.0/30']);
  assert.deepEqual(offsets(), [0, 2]);
  assert.equal(state.reserveFrom('default', 4, always)?.offset, 1, 'behind the address that was assigned last');
  assert.equal(state.reserveFrom('default', 4, always)?.offset, 3);
  assert.equal(state.reserveFrom('default', 4, always), undefined);
});

test('an address whose number in its block is the length of its prefix is told from the block', () => {
  const block = IpPrefix.parse('10.0.0.0/24');
  state.reset(snapshot(10, [block], [record(block, 23, 'x', 8), record(block, 24, 'y', 9), record(block, 25, 'z', 7)]));
  assert.deepEqual(offsets(), [23, 24, 25]);
});

test('news that a call of our own brought already, and news older than it, changes nothing', () => {
  state.reset(snapshot(10, [a]));
  state.record(record(a, 0, 'x', 11));
  state.removeRecord({ block: a, offset: 0 }, 12);
  state.record(record(a, 0, 'y', 13));
  // the watch is behind: it now tells of what we did ourselves
  state.apply({ kind: 'address', revision: 11, slot: { block: a, offset: 0 }, record: record(a, 0, 'x', 11) });
  assert.deepEqual(state.find({ containerId: 'y' }).length, 1);
  state.apply({ kind: 'address', revision: 12, slot: { block: a, offset: 0 }, record: undefined });
  assert.deepEqual(state.find({ containerId: 'y' }).length, 1, 'the deletion was of the assignment before');
  state.apply({ kind: 'address', revision: 13, slot: { block: a, offset: 0 }, record: record(a, 0, 'y', 13) });
  assert.deepEqual(offsets(), [0]);
});

test('a snapshot that is older than calls of our own does not undo them', () => {
  state.reset(snapshot(10, [a], [record(a, 1, 'old', 5)]));
  state.addBlock({ pool: 'default', block: b }, 20);
  state.record(record(a, 0, 'x', 21));
  state.removeRecord({ block: a, offset: 1 }, 22);
  state.reset(snapshot(15, [a], [record(a, 1, 'old', 5)]));
  assert.deepEqual(owned(), ['10.0.0.0/30', '10.0.0.4/30']);
  assert.deepEqual(offsets(), [0]);
  state.removeBlock(b, 23);
  state.reset(snapshot(21, [a, b], [record(a, 0, 'x', 21)]));
  assert.deepEqual(owned(), ['10.0.0.0/30']);
});

test('a newer snapshot takes away what is gone', () => {
  state.reset(snapshot(10, [a, b], [record(a, 0, 'x', 5), record(b, 0, 'y', 6)]));
  state.reset(snapshot(20, [a], []));
  assert.deepEqual(owned(), ['10.0.0.0/30']);
  assert.deepEqual(offsets(), []);
});

test('a datastore restored from a backup is believed, though its revisions are older', () => {
  state.reset(snapshot(100, [a, b], [record(a, 0, 'x', 90)]));
  state.reset(snapshot(50, [b], [record(b, 3, 'z', 40)]));
  assert.deepEqual(owned(), ['10.0.0.4/30']);
  assert.deepEqual(offsets(), [3]);
});

test('a block that is lost takes its addresses along, and older news does not bring it back', () => {
  state.reset(snapshot(10, [a], [record(a, 0, 'x', 5)]));
  state.apply({ kind: 'block', revision: 12, pool: 'default', block: a, owned: false });
  assert.deepEqual([owned(), offsets()], [[], []]);
  state.apply({ kind: 'block', revision: 11, pool: 'default', block: a, owned: true });
  assert.deepEqual(owned(), []);
  state.apply({ kind: 'block', revision: 13, pool: 'default', block: a, owned: true });
  assert.deepEqual(owned(), ['10.0.0.0/30']);
});

test('a block that is acquired anew before its loss was heard of has none of its old addresses', () => {
  state.reset(snapshot(10, [a], [record(a, 0, 'x', 5)]));
  // made already, in the block as it is now
  state.record(record(a, 1, 'new', 14));
  state.addBlock({ pool: 'default', block: a }, 13);
  state.apply({ kind: 'block', revision: 12, pool: 'default', block: a, owned: false });
  assert.deepEqual(owned(), ['10.0.0.0/30']);
  assert.deepEqual(offsets(), [1]);
});

test('the news that a block was lost takes no address that was assigned since', () => {
  state.reset(snapshot(10, [a], [record(a, 0, 'x', 5)]));
  state.record(record(a, 1, 'new', 14));
  state.apply({ kind: 'block', revision: 12, pool: 'default', block: a, owned: false });
  assert.deepEqual([owned(), offsets()], [['10.0.0.0/30'], [1]]);
});

test('an assignment of another node, which the node came across, does not keep a block that was lost', () => {
  state.reset(snapshot(10, [a], [record(a, 0, 'x', 5)]));
  state.see(record(a, 0, "another node's", 14));
  state.apply({ kind: 'block', revision: 12, pool: 'default', block: a, owned: false });
  assert.deepEqual([owned(), offsets()], [[], []]);
});

test('an answer that comes when its block was lost, and even acquired anew, is not taken for true', () => {
  state.reset(snapshot(10, [a]));
  state.apply({ kind: 'block', revision: 12, pool: 'default', block: a, owned: false });
  assert.equal(state.record(record(a, 0, 'x', 11)), false);
  state.addBlock({ pool: 'default', block: a }, 13);
  assert.equal(state.record(record(a, 0, 'x', 11)), false);
  assert.equal(state.record(record(a, 0, 'y', 14)), true);
  assert.deepEqual(offsets(), [0]);
});

test('an answer that is older than a snapshot which knows nothing of it is not taken for true', () => {
  state.reset(snapshot(10, [a]));
  state.reset(snapshot(20, [a]));
  assert.equal(state.record(record(a, 0, 'x', 15)), false);
  state.addBlock({ pool: 'default', block: b }, 16);
  assert.deepEqual([owned(), offsets()], [['10.0.0.0/30'], []]);
});

test('an assignment that the node comes across may be older than its ownership', () => {
  state.reset(snapshot(10, [a]));
  state.see(record(a, 2, 'left by v1', 3));
  assert.deepEqual(offsets(), [2]);
});

test("a reserved address is nobody else's, and free again when nothing came of it", () => {
  state.reset(snapshot(10, [a]));
  const slot = state.reserveFrom('default', 4, always)!;
  const others = [1, 2, 3].map(() => state.reserveFrom('default', 4, always)?.offset);
  assert.ok(!others.includes(slot.offset));
  state.settle(slot);
  assert.equal(state.reserveFrom('default', 4, always)?.offset, slot.offset, 'it need not rest');
});

test('a reservation ends with its block, and does not come back with it', () => {
  state.reset(snapshot(10, [a]));
  const slot = state.reserveFrom('default', 4, always)!;
  assert.equal(state.isReserved(slot), true);
  state.removeBlock(a, 11);
  state.addBlock({ pool: 'default', block: a }, 12);
  assert.equal(state.isReserved(slot), false);
  const again = state.reserveFrom('default', 4, always)!;
  assert.deepEqual(again, slot);
  state.settle(slot);
  assert.equal(state.blocks[0]?.allocator.used, 1, 'the new reservation holds');
});

test('a reservation that was recorded stays in use', () => {
  state.reset(snapshot(10, [a]));
  const slot = state.reserveFrom('default', 4, always)!;
  state.record(record(a, slot.offset, 'x', 11));
  state.settle(slot);
  assert.equal(state.blocks[0]?.allocator.used, 1);
});

test('a block is empty since its last address went', () => {
  state.reset(snapshot(10, [a], [record(a, 0, 'x', 5)]));
  assert.equal(state.blocks[0]?.emptySince, undefined);
  now = 7;
  state.removeRecord({ block: a, offset: 0 }, 11);
  assert.equal(state.blocks[0]?.emptySince, 7);
});

test('addresses are found by container and interface; v1 knew no interfaces', () => {
  state.reset(
    snapshot(
      10,
      [a],
      [record(a, 0, 'x', 5, 'eth0'), record(a, 1, 'x', 6, 'eth1'), record(a, 2, 'v1', 7), record(a, 3, '', 8)],
    ),
  );
  const found = (containerId: string, ifname?: string) =>
    state.find(ifname === undefined ? { containerId } : { containerId, ifname }).map(({ offset }) => offset);
  assert.deepEqual(found('x', 'eth0'), [0]);
  assert.deepEqual(found('x'), [0, 1]);
  assert.deepEqual(found('v1', 'eth0'), [2]);
  assert.deepEqual(found(''), []);
  assert.deepEqual(
    state.findWithoutContainer('ns', 'pod-').map(({ offset }) => offset),
    [3],
  );
});

test('a namespace has the pool of its name, else the default one, else none', () => {
  assert.equal(state.poolOf('dmz'), undefined);
  state.reset(snapshot(10, []));
  assert.equal(state.poolOf('dmz')?.name, 'default');
  state.apply({ kind: 'pool', revision: 11, name: 'dmz', pool: new AddressPool([IpPrefix.parse('192.0.2.0/28')], 0) });
  assert.equal(state.poolOf('dmz')?.name, 'dmz');
  state.apply({ kind: 'pool', revision: 12, name: 'dmz', pool: undefined });
  assert.equal(state.poolOf('dmz')?.name, 'default');
});

test('a slot that was asked for without an answer is given to nobody before the next snapshot', () => {
  state.reset(snapshot(1, [a]));
  const slot = state.reserveFrom('default', 4, always)!;
  state.doubt(slot);
  state.settle(slot);
  const others = [1, 2, 3].map(() => state.reserveFrom('default', 4, always));
  assert.ok(others.every((other) => other !== undefined && other.offset !== slot.offset));
  assert.equal(state.reserveFrom('default', 4, always), undefined);
  state.reset(snapshot(2, [a]));
  assert.equal(state.reserveFrom('default', 4, always)?.offset, slot.offset);
});

test('a slot in doubt that was assigned after all is in use, and one whose block is lost is gone', () => {
  state.reset(snapshot(1, [a, b]));
  const [one, other] = [state.reserveFrom('default', 4, always)!, state.reserveFrom('default', 4, always)!];
  for (const slot of [one, other]) state.doubt(slot);
  state.reset(snapshot(3, [a], [record(a, one.offset, 'c', 2)]));
  assert.deepEqual(
    [1, 2, 3].map(() => state.reserveFrom('default', 4, always)?.offset).toSorted(),
    [0, 1, 2, 3].filter((offset) => offset !== one.offset),
  );
  assert.equal(state.reserveFrom('default', 4, always), undefined);
});

test('a block of a datastore that went back is returned, and given out of, as before', () => {
  state.reset(snapshot(9000, [a]));
  state.reset(snapshot(5000, [a]));
  assert.ok(state.record(record(a, 1, 'c', 5001)), 'an assignment that is newer than the backup');
  state.removeRecord({ block: a, offset: 1 }, 5002);
  state.removeBlock(a, 5100);
  assert.deepEqual(state.blocks, []);
});

test('an address far beyond those that are given out hinders nothing', () => {
  const large = IpPrefix.parse('fd00::/64');
  const stray = record(large, 2 ** 40, 'stray', 9);
  state.reset(snapshot(10, [large], [stray, record(large, 0, 'x', 8)]));
  assert.deepEqual(offsets(), [2 ** 40, 0]);
  state.apply({ kind: 'address', slot: stray, record: undefined, revision: 11 });
  assert.deepEqual(offsets(), [0]);
  state.apply({ kind: 'address', slot: stray, record: { ...stray, revision: 12 }, revision: 12 });
  assert.equal(state.reserveFrom('default', 6, always)?.offset, 1);
});

test('a pool that is there and cannot be read is no reason to take the default one', () => {
  const told = snapshot(10, []);
  const unreadable = (name: string) =>
    new Map([[name, new CoilError('corrupt-data', `/coil/pool/${name}: not valid JSON`)]]);
  state.reset({ ...told, unreadablePools: unreadable('dmz') });
  assert.equal(state.poolOf('web')?.name, 'default');
  assert.throws(() => state.poolOf('dmz'), { code: 'corrupt-data', message: /pool\/dmz: / });
  state.apply({ kind: 'pool', name: 'dmz', pool: new AddressPool([subnet], 2), revision: 11 });
  assert.equal(state.poolOf('dmz')?.name, 'dmz');
  state.reset({ ...told, revision: 12, pools: new Map(), unreadablePools: unreadable('default') });
  assert.throws(() => state.poolOf('web'), { code: 'corrupt-data', message: /pool\/default: / });
  state.reset({ ...told, revision: 13 });
  assert.equal(state.poolOf('dmz')?.name, 'default');
});
