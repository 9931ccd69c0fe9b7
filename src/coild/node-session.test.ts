import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CoilError } from '../model/error.ts';
import { RecordingLogger } from '../process/recording-logger.ts';
import type { HoldOutcome } from '../store/node-sessions.ts';
import { NodeSession } from './node-session.ts';

const HOST = 'host1';
let logger: RecordingLogger;
const told = () => logger.records.filter(({ level }) => level !== 'debug').map(({ message }) => message);
const silence = new CoilError('store-unavailable', 'nobody answers');

/** Whether a coild of host1 serves after each of the datastore's answers. */
async function servesAfter(...answers: readonly (HoldOutcome | Error)[]): Promise<readonly boolean[]> {
  logger = new RecordingLogger();
  const stop = new AbortController();
  const served: boolean[] = [];
  const session: NodeSession = new NodeSession(
    { node: 'node1', host: HOST, lock: '/tmp/node1.lock' },
    {
      sessions: {
        hold: async () => {
          const answer = answers[served.length]!;
          if (answer instanceof Error) throw answer;
          return answer;
        },
        end: async () => undefined,
      },
      bootId: async () => 'boot1',
      tryLockFile: () => ({ [Symbol.dispose]: () => undefined }),
      now: () => new Date(),
      logger,
      sleep: async () => {
        served.push(session.obstacle === undefined);
        if (served.length < answers.length) return;
        stop.abort();
        stop.signal.throwIfAborted();
      },
    },
  );
  await session.run(stop.signal);
  return served;
}

const unreadable: HoldOutcome = {
  outcome: 'unreadable',
  error: new CoilError('corrupt-data', '/coil/node/node1: not JSON'),
};

test('who cannot read the session waits until it is gone, and says which key it is', async () => {
  assert.deepEqual(await servesAfter(unreadable, silence, held), [false, false, true]);
  assert.deepEqual(told(), ['waiting to serve this node']);
  assert.match(
    String(logger.records[0]?.fields.reason),
    /node node1: \/coil\/node\/node1: not JSON; .* delete that key$/,
  );
});

test('who serves goes on with it when its session cannot be read any more, and says so once', async () => {
  assert.deepEqual(await servesAfter(held, unreadable, silence, unreadable, held, unreadable), Array(6).fill(true));
  const line = 'the session of this node cannot be read; serving on';
  assert.deepEqual(told(), [line, line]);
});

const takenBy = (host: string): HoldOutcome => ({ outcome: 'taken', by: { host, since: '2026-11-22T12:00:00Z' } });
const held: HoldOutcome = { outcome: 'held' };

test('a datastore that cannot be asked is no reason to wait', async () => {
  assert.deepEqual(await servesAfter(silence, silence, held), [true, true, true]);
});

test('who waits for another machine goes on waiting while nobody can say', async () => {
  assert.deepEqual(await servesAfter(takenBy('host2'), silence, silence, held), [false, false, false, true]);
});

test('an earlier boot of this machine is waited for only where its session is known to hold', async () => {
  assert.deepEqual(await servesAfter(takenBy(HOST), silence), [false, true]);
});
