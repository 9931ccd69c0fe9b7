import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CoilError } from '../model/error.ts';
import { nullLogger } from '../process/logger.ts';
import type { HoldOutcome } from '../store/node-sessions.ts';
import { NodeSession } from './node-session.ts';

const HOST = 'host1';
const silence = new CoilError('store-unavailable', 'nobody answers');

/** Whether a coild of host1 serves after each of the datastore's answers. */
async function servesAfter(...answers: readonly (HoldOutcome | Error)[]): Promise<readonly boolean[]> {
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
      tryLockFile: () => ({ file: '24:7', [Symbol.dispose]: () => undefined }),
      now: () => new Date(),
      logger: nullLogger,
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

const takenBy = (host: string): HoldOutcome => ({ outcome: 'taken', by: { host, since: '2026-11-22T12:00:00Z' } });
const held: HoldOutcome = { outcome: 'held' };

test('a datastore that cannot be asked is no reason to wait', async () => {
  assert.deepEqual(await servesAfter(silence, silence, held), [true, true, true]);
});

test('who waits for another machine goes on waiting while nobody can say', async () => {
  assert.deepEqual(await servesAfter(takenBy('host2'), silence, silence, held), [false, false, false, true]);
});

test('a session of this machine from before a restore is waited for, and that of another one is not', async () => {
  const past = takenBy(HOST);
  assert.deepEqual(await servesAfter(held, past, past, held), [true, false, false, true]);
  const stays = Array.from({ length: 30 }, () => past);
  await assert.rejects(servesAfter(held, ...stays), { code: 'conflict', message: /on host host1/ });
  await assert.rejects(servesAfter(held, takenBy('host2'), held), { code: 'conflict', message: /on host host2/ });
});

test('an earlier boot of this machine is waited for only where its session is known to hold', async () => {
  assert.deepEqual(await servesAfter(takenBy(HOST), silence), [false, true]);
});
