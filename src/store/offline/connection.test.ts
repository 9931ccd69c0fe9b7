import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecordingLogger } from '../../process/recording-logger.ts';
import { Connection } from './connection.ts';

const NEVER = new AbortController().signal;
const START = new Date('2026-11-22T12:39:00Z');

test('the reason is the newest one, and each is told once an outage', () => {
  const logger = new RecordingLogger();
  const connection = new Connection({ logger, now: () => START });
  const [refused, full] = [new Error('connection refused'), new Error('database space exceeded')];
  for (const error of [refused, full, refused, full]) connection.lost(error);
  assert.deepEqual(connection.outage, { since: START, error: full });
  connection.restored();
  connection.lost(full);
  assert.deepEqual(
    logger.records.filter(({ level }) => level === 'warn').map(({ fields }) => fields.error),
    [refused, full, full],
  );
});

test('whoever waits when the connection is found to be lost is told at once, and who comes later can wait anew', async () => {
  const logger = new RecordingLogger();
  let now = START;
  const connection = new Connection({ logger, now: () => now });
  const { round } = connection;
  const waiting = connection.call(() => new Promise<never>(() => undefined), NEVER);
  const error = new Error('no answer');
  connection.lost(error);
  connection.lost(new Error('no answer'));
  await assert.rejects(waiting, error);
  assert.equal(round.reason, error);
  assert.deepEqual([connection.isOnline, connection.outage], [false, { since: START, error }]);
  assert.equal(connection.round.aborted, false);
  now = new Date(START.getTime() + 1500);
  connection.restored();
  connection.restored();
  assert.deepEqual([connection.isOnline, connection.outage], [true, undefined]);
  assert.equal(await connection.call(async () => 'answer', NEVER), 'answer');
  assert.deepEqual(
    logger.records.map(({ level, fields }) => [level, fields]),
    [
      ['warn', { error }],
      ['info', { offlineMs: 1500 }],
    ],
  );
});
