import assert from 'node:assert/strict';
import { test } from 'node:test';
import { servingLimits } from './serving-limits.ts';

test('200 calls at once need no more than 256 open files, and there is always room for some', () => {
  const few = servingLimits(256);
  assert.ok(few.connections >= 200, JSON.stringify(few));
  assert.deepEqual(servingLimits(Infinity), servingLimits(1_048_576));
  assert.deepEqual(servingLimits(1_048_576), { connections: 1024, tcpConnections: 64, atOnce: 32, waiting: 480 });
  for (const files of [128, 256, 1024, 4096, 1_048_576]) {
    const { connections, tcpConnections, atOnce, waiting } = servingLimits(files);
    assert.ok(34 + connections + tcpConnections + 4 * atOnce <= files, `${files} files`);
    assert.ok(Math.min(connections, tcpConnections, atOnce, waiting) > 0);
  }
});
