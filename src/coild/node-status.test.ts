import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IpPrefix } from '../model/ip-prefix.ts';
import { nodeStatus } from './node-status.ts';

test('a Pod is listed by its container, or by its name, and an address of nobody known not at all', () => {
  const block = IpPrefix.parse('10.1.0.0/30');
  const whose = [
    { containerId: 'c1', namespace: 'ns', pod: 'web' },
    { containerId: '', namespace: 'ns', pod: 'old' },
    { containerId: '', namespace: '', pod: '' },
  ];
  const records = whose.map((each, offset) => ({
    ...{ block, offset, revision: 1 },
    assignment: { ...each, createdAt: '2026-11-22T12:38:59Z' },
  }));
  assert.deepEqual(nodeStatus({ blocks: [], records }, []).pods, { c1: '10.1.0.0', 'ns/old': '10.1.0.1' });
});
