import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NetlinkError } from '../netlink/netlink-error.ts';
import type { Outcome, Request } from '../netlink/request.ts';
import { RecordingLogger } from '../process/recording-logger.ts';
import { LinkRemoval } from './link-removal.ts';

/** Links by index; forgets them by the requests that LinkRemoval sends, and notes each batch. */
class FakeLinkSocket {
  readonly batches: string[][] = [];
  failure: Error | undefined;

  async batch(requests: readonly Request<unknown>[]): Promise<Outcome<unknown>[]> {
    this.batches.push(requests.map(({ operation }) => operation.replace(/group \d+/, 'group N')));
    await new Promise(setImmediate);
    return requests.map(() => (this.failure === undefined ? { value: undefined } : { error: this.failure }));
  }

  async close(): Promise<void> {}
}

function setUp(): { socket: FakeLinkSocket; logger: RecordingLogger; removal: LinkRemoval } {
  const socket = new FakeLinkSocket();
  const logger = new RecordingLogger();
  return { socket, logger, removal: new LinkRemoval(() => socket, logger) };
}

test('links that are asked for together, or meanwhile, are deleted together', async () => {
  const { socket, removal } = setUp();
  removal.removeInBackground({ name: 'a', index: 2 });
  await removal.settled();
  for (const index of [3, 4]) removal.removeInBackground({ name: `l${index}`, index });
  await removal.settled();
  assert.deepEqual(socket.batches, [
    ['ip link delete dev 2'],
    ['ip link set dev 3 group', 'ip link set dev 4 group'],
    ['ip link delete group N'],
  ]);
});

test('a link that is gone already is no failure', async () => {
  const { socket, logger, removal } = setUp();
  socket.failure = new NetlinkError('ip link delete', 19);
  await Promise.all([2, 3].map((index) => removal.remove({ name: `l${index}`, index })));
  assert.deepEqual(logger.messages, []);
});

test('a failure is logged, and tried again when asked to', async () => {
  const { socket, logger, removal } = setUp();
  socket.failure = new NetlinkError('ip link delete dev 2', 16);
  removal.removeInBackground({ name: 'a', index: 2 });
  await removal.settled();
  assert.deepEqual(
    logger.records.map(({ level, fields }) => [level, fields.link, fields.error]),
    [['warn', 'a', socket.failure]],
  );
  assert.ok(removal.isDoomed('a'));
  socket.failure = undefined;
  removal.retryFailed();
  await removal.settled();
  assert.ok(!removal.isDoomed('a'));
  removal.retryFailed();
  await removal.settled();
  assert.deepEqual(socket.batches, [['ip link delete dev 2'], ['ip link delete dev 2']]);
});

test('a link that is to be used from now on is not tried again', async () => {
  const { socket, removal } = setUp();
  socket.failure = new NetlinkError('ip link delete dev 2', 16);
  removal.removeInBackground({ name: 'a', index: 2 });
  await removal.finished('a', AbortSignal.timeout(5000));
  removal.spare('a');
  removal.retryFailed();
  await removal.settled();
  assert.equal(socket.batches.length, 1);
});

test('who waits for a deletion waits for it only, and not beyond an abort', async () => {
  const { socket, removal } = setUp();
  const gate = Promise.withResolvers<void>();
  const batch = socket.batch.bind(socket);
  socket.batch = async (requests) => {
    await gate.promise;
    return await batch(requests);
  };
  removal.removeInBackground({ name: 'a', index: 2 });
  await removal.finished('b', AbortSignal.timeout(5000));
  const reason = new Error('enough');
  await assert.rejects(removal.finished('a', AbortSignal.abort(reason)), reason);
  gate.resolve();
  await removal.finished('a', AbortSignal.timeout(5000));
  assert.equal(socket.batches.length, 1);
});
