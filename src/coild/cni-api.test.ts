import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { abortable } from '../process/abortable.ts';
import { nullLogger } from '../process/logger.ts';
import { type CniApiDeps, serveCni } from './cni-api.ts';
import { CniTurns } from './cni-turns.ts';

const LIMITS = { atOnce: 1, waiting: 1 };

/** A server of the plugin's calls, each of which is given so many milliseconds. */
async function served(deps: Partial<CniApiDeps['attacher']>, ms: number) {
  const refuse = async () => assert.fail('nobody asked for it');
  const all: CniApiDeps = {
    attacher: { add: refuse, del: refuse, check: refuse, ...deps },
    garbage: { collect: refuse },
    turns: new CniTurns(LIMITS),
    unavailable: () => undefined,
    observer: { cni: () => undefined, rest: () => undefined },
    logger: nullLogger,
  };
  const options = { authorize: async () => undefined, deadline: () => AbortSignal.timeout(ms), bodyLimit: 1024 };
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    void serveCni(all, options, request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    call: async (command: string) => {
      const headers = {
        'CNI-Command': command,
        ...{ 'CNI-Containerid': 'c1', 'CNI-Netns': '/run/netns/x', 'CNI-Ifname': 'eth0' },
        'CNI-Args': 'K8S_POD_NAMESPACE=ns;K8S_POD_NAME=pod',
      };
      const body = JSON.stringify({ cniVersion: '0.4.0', name: 'k8s', type: 'coil' });
      const answer = await fetch(`http://127.0.0.1:${port}/cni`, { method: 'POST', headers, body });
      const text = await answer.text();
      return { status: answer.status, json: text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>) };
    },
    /** Waits until so many calls have come. */
    asked: async (count: number) => {
      while (requests < count) await new Promise(setImmediate);
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

test('a call that the kernel never answers is answered in time, and keeps its turn', { timeout: 20_000 }, async () => {
  const kernel = Promise.withResolvers<void>();
  await using server = await served({ del: () => kernel.promise }, 100);
  const { status, json } = await server.call('DEL');
  assert.deepEqual([status, json?.code, json?.cniVersion], [503, 11, '0.4.0']);
  assert.match(String(json?.msg), /^coild could not do it in time/);
  // the next one waits for its turn, in vain
  assert.equal((await server.call('DEL')).json?.code, 11);
  kernel.resolve();
  assert.deepEqual(await server.call('DEL'), { status: 200, json: undefined });
});

test('an ADD that was given up, and waits yet, does not attach the Pod after its DEL', async () => {
  const events: string[] = [];
  const came = Promise.withResolvers<void>();
  const add: CniApiDeps['attacher']['add'] = async (_request, signal) => {
    came.resolve();
    await abortable(new Promise(() => undefined), signal).finally(() => events.push('the ADD is over'));
    assert.fail('it goes on');
  };
  await using server = await served({ add, del: async () => void events.push('DEL') }, 30_000);
  const adding = server.call('ADD');
  await came.promise;
  // there is one turn only: one waits for it
  const waiting = server.call('ADD');
  await server.asked(2);
  assert.deepEqual(await server.call('DEL'), { status: 200, json: undefined });
  assert.deepEqual(events, ['the ADD is over', 'DEL']);
  for (const { status, json } of await Promise.all([adding, waiting])) {
    assert.deepEqual([status, json?.code], [503, 11]);
    assert.match(String(json?.msg), /^a DEL of the same container and interface came/);
  }
});

test('a call beyond those that wait is refused at once, and STATUS never', async () => {
  const kernel = Promise.withResolvers<void>();
  await using server = await served({ del: () => kernel.promise }, 30_000);
  const calls = [server.call('DEL'), server.call('DEL'), server.call('DEL')];
  const { status, json } = await Promise.race(calls);
  assert.deepEqual([status, json?.code, json?.cniVersion], [503, 11, '0.4.0']);
  assert.match(String(json?.msg), /^1 calls of DEL, CHECK and GC are under way in coild, and 1 wait/);
  assert.equal((await server.call('STATUS')).status, 200);
  kernel.resolve();
  assert.deepEqual((await Promise.all(calls)).map((answer) => answer.status).sort(), [200, 200, 503]);
});
