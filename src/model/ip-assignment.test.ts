import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CoilError } from './error.ts';
import { formatIpAssignment, parseIpAssignment } from './ip-assignment.ts';

test("v1's value is read and written back to the letter, with its nanoseconds", () => {
  const value =
    '{"container_id":"10af","namespace":"default","pod":"web-16","created_at":"2026-11-22T12:38:59.340957085Z"}';
  assert.equal(formatIpAssignment(parseIpAssignment(value)), value);
});

test("interface, Pod UID and network are kept behind v1's members, each where it is known", () => {
  const known = { containerId: 'c', namespace: 'ns', pod: 'p', createdAt: '2026-01-01T00:00:00Z' };
  const assignment = { ...known, ifname: 'eth0', podUid: '3f0c', network: 'k8s' };
  assert.equal(
    formatIpAssignment(assignment),
    '{"container_id":"c","namespace":"ns","pod":"p","created_at":"2026-01-01T00:00:00Z",' +
      '"ifname":"eth0","pod_uid":"3f0c","network":"k8s"}',
  );
  assert.deepEqual(parseIpAssignment(formatIpAssignment(assignment)), assignment);
  assert.deepEqual(parseIpAssignment(formatIpAssignment({ ...known, podUid: '3f0c' })), { ...known, podUid: '3f0c' });
});

test('a value from before 1.0.2 has no container and no time', () => {
  assert.deepEqual(parseIpAssignment('default/old-pod'), {
    containerId: '',
    namespace: 'default',
    pod: 'old-pod',
    createdAt: '1970-01-01T00:00:00Z',
  });
});

test('a time may have an offset', () => {
  assert.equal(parseIpAssignment('{"created_at":"2019-08-25T09:00:00+09:00"}').createdAt, '2019-08-25T09:00:00+09:00');
});

for (const value of [
  '',
  'x',
  '{',
  '[]',
  'null',
  '7',
  '{"pod":7}',
  '{"pod_uid":7}',
  '{"network":[]}',
  '{"created_at":"yesterday"}',
  '{"created_at":7}',
  'a/b/c',
]) {
  test(`${JSON.stringify(value)} is no assignment`, () => {
    assert.throws(
      () => parseIpAssignment(value),
      (error) => CoilError.is(error, 'corrupt-data'),
    );
  });
}
