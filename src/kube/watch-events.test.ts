import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { KubeError } from './kube-error.ts';
import { type WatchEvent, watchEvents } from './watch-events.ts';

const ADDED = { type: 'ADDED', object: { metadata: { name: 'nöde1', resourceVersion: '7' } } } as const;
const BOOKMARK = { type: 'BOOKMARK', object: { metadata: { name: '', resourceVersion: '9' } } } as const;

function lines(...events: readonly unknown[]): Buffer {
  return Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
}

async function read(...chunks: readonly Buffer[]): Promise<WatchEvent[]> {
  const events: WatchEvent[] = [];
  for await (const event of watchEvents(Readable.from(chunks, { objectMode: false }))) events.push(event);
  return events;
}

test('gives the events, however they are cut', async () => {
  const whole = lines(ADDED, BOOKMARK);
  for (let at = 0; at <= whole.length; at++)
    assert.deepEqual(await read(whole.subarray(0, at), whole.subarray(at)), [ADDED, BOOKMARK]);
});

test('an event that is not whole is none', async () => {
  const whole = lines(ADDED, BOOKMARK);
  assert.deepEqual(await read(whole.subarray(0, -2)), [ADDED]);
});

test('an error ends the events with its status', async () => {
  const expired = { type: 'ERROR', object: { kind: 'Status', code: 410, message: 'too old resource version: 1 (5)' } };
  await assert.rejects(read(lines(ADDED, expired, BOOKMARK)), (error) => {
    assert.ok(KubeError.hasStatus(error, 410));
    assert.match(error.message, /too old resource version: 1 \(5\)/);
    return true;
  });
});
