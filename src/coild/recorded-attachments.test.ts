import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IpAssignment } from '../model/ip-assignment.ts';
import { IpPrefix } from '../model/ip-prefix.ts';
import type { AddressRecord } from '../store/ipam-store.ts';
import { attachmentsOfPod, recordedAttachments } from './recorded-attachments.ts';

const NOW = '2026-01-02T00:00:00Z';
const deps = { hostIfname: (...name: string[]) => name.join('.'), now: () => new Date(NOW) };
const BLOCKS = { 4: IpPrefix.parse('10.1.0.0/24'), 6: IpPrefix.parse('fd00::/120') };

function record(family: 4 | 6, offset: number, changes: Partial<IpAssignment> = {}): AddressRecord {
  const assignment = { containerId: 'c1', namespace: 'ns', pod: 'web', createdAt: '2026-01-01T00:00:00Z', ...changes };
  return { block: BLOCKS[family], offset, assignment, revision: 1 };
}

const print = (records: readonly AddressRecord[]) =>
  recordedAttachments(records, deps).map(
    ({ containerId, hostIfname, addresses, acceptsUnmarked }) =>
      `${containerId} ${hostIfname} ${addresses}${acceptsUnmarked ? ' or unmarked' : ''}`,
  );

test('records make attachments: a container and an interface each, in v1 always the same', () => {
  const ofNet1 = record(4, 2, { ifname: 'net1' });
  const others = [record(4, 3, { pod: 'db', containerId: 'c2' }), record(4, 4, { pod: '', namespace: '' })];
  assert.deepEqual(print([record(4, 1, { ifname: 'eth0' }), record(6, 1, { ifname: 'eth0' }), ofNet1, ...others]), [
    'c1 ns.web.eth0 10.1.0.1,fd00::1 or unmarked',
    'c1 ns.web.net1 10.1.0.2 or unmarked',
    'c2 ns.db.eth0 10.1.0.3 or unmarked',
  ]);
  assert.deepEqual(print([record(4, 1)]), ['c1 ns.web.eth0 10.1.0.1 or unmarked']);
  assert.deepEqual(print([record(4, 9, { containerId: '' })]), [' ns.web.eth0 10.1.0.9 or unmarked']);
});

test('of two addresses of one family nobody knows which the Pod has', () => {
  assert.deepEqual(print([record(4, 1), record(4, 2), record(6, 1)]), ['c1 ns.web.eth0 fd00::1 or unmarked']);
});

test("a link without a mark is nobody's where two sandboxes may have it, or its plugin may be at work", () => {
  assert.deepEqual(print([record(4, 1), record(4, 2, { containerId: 'c2' })]), [
    'c1 ns.web.eth0 10.1.0.1',
    'c2 ns.web.eth0 10.1.0.2',
  ]);
  assert.deepEqual(print([record(4, 1, { createdAt: '2026-01-01T23:59:30Z' })]), ['c1 ns.web.eth0 10.1.0.1']);
  assert.deepEqual(print([record(4, 1, { createdAt: '2026-01-03T00:00:00Z' })]), ['c1 ns.web.eth0 10.1.0.1']);
});

test('those of one Pod', () => {
  const records = [record(4, 1), record(4, 2, { pod: 'db' }), record(4, 3, { namespace: 'other' })];
  assert.deepEqual(
    attachmentsOfPod({ namespace: 'ns', pod: 'web' }, records, deps).map(({ addresses }) => String(addresses)),
    ['10.1.0.1'],
  );
  assert.deepEqual(attachmentsOfPod({ namespace: 'ns', pod: 'none' }, records, deps), []);
});
