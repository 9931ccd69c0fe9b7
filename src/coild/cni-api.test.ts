import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { AddsUnderWay } from '../cni/adds-under-way.ts';
import { abortable } from '../process/abortable.ts';
import { nullLogger } from '../process/logger.ts';
import { type CniApiDeps, serveCni } from './cni-api.ts';
import { CniTurns } from './cni-turns.ts';

const LIMITS = { atOnce: 1, waiting: 1 };
const LINK = { name: 'eth0', mac: '02:00:00:00:00:01', mtu: 1500 };
const ATTACHED = { netns: '/run/netns/x', links: { host: LINK, container: LINK }, addresses: [] };

/** A server of the plugin's calls, each of which is given so many milliseconds. */
async function served(deps: Partial<CniApiDeps['attacher'] & CniApiDeps['garbage']>, ms: number) {
  const refuse = async () => assert.fail('nobody asked for it');
  const { add = refuse, collect = refuse, ...others } = deps;
  const adds = new AddsUnderWay();
  const all: CniApiDeps = {
    attacher: {
      add: (request, signal) => adds.during(request, () => add(request, signal)),
      ...{ del: refuse, check: refuse, ...others },
    },
    garbage: { collect },
    adds,
    turns: new CniTurns(LIMITS),
    unavailable: () => undefined,
    observer: { cni: () => undefined, rest: () => undefined },
    logger: nullLogger,
  };
  const options = { authorize: async () => undefined, deadlineMs: ms, bodyLimit: 1024 };
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    void serveCni(all, options, request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    call: async (command: string, container = 'c1', signal: AbortSignal | null = null) => {
      const headers = {
        'CNI-Command': command,
        ...{ 'CNI-Containerid': container, 'CNI-Netns': '/run/netns/x', 'CNI-Ifname': 'eth0' },
        'CNI-Args': 'K8S_POD_NAMESPACE=ns;K8S_POD_NAME=pod',
      };
      const garbage = { cniVersion: '1.1.0', 'cni.dev/valid-attachments': [] };
      const body = JSON.stringify({ cniVersion: '0.4.0', name: 'k8s', type: 'coil', ...(command === 'GC' && garbage) });
      const answer = await fetch(`http://127.0.0.1:${port}/cni`, { method: 'POST', headers, body, signal });
      const text = await answer.text();
      return { status: answer.status, json: text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>) };
    },
    /** Waits until so many calls have come. */
    asked: async (count: number) => {
      while (requests.length < count) await new Promise(setImmediate);
    },
    /** Waits until the client of the last call has gone. */
    gone: async () => {
      while (!requests.at(-1)?.socket.destroyed) await new Promise(setImmediate);
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
  const late = await server.call('DEL');
  assert.equal(late.json?.code, 11);
  assert.match(String(late.json?.msg), /^no turn within 100ms: /);
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

for (const [command, verb] of [
  ['ADD', 'add'],
  ['DEL', 'del'],
] as const) {
  test(`where the plugin of ${command} goes away while it waits, it is not done, and keeps nobody waiting`, async () => {
    const kernel = Promise.withResolvers<void>();
    const begun: string[] = [];
    const work = async ({ containerId }: { readonly containerId: string }) => {
      begun.push(containerId);
      await kernel.promise;
      return ATTACHED;
    };
    await using server = await served({ [verb]: work }, 30_000);
    const first = server.call(command, 'c1');
    await server.asked(1);
    const killed = new AbortController();
    const waiting = server.call(command, 'c2', killed.signal);
    await server.asked(2);
    killed.abort();
    await assert.rejects(waiting, { name: 'AbortError' });
    await server.gone();
    // one may wait: the place is free again
    const next = server.call(command, 'c3');
    await server.asked(3);
    kernel.resolve();
    assert.deepEqual([(await first).status, (await next).status], [200, 200]);
    assert.deepEqual(begun, ['c1', 'c3']);
  });
}

test('where the plugin of an ADD that is under way goes away, the ADD ends; a DEL does not', async () => {
  const kernel = Promise.withResolvers<void>();
  const over: string[] = [];
  let begun = Promise.withResolvers<void>();
  const work = (verb: string) => async (_: unknown, signal: AbortSignal) => {
    begun.resolve();
    await abortable(kernel.promise, signal).finally(() => over.push(`${verb} ${signal.aborted}`));
    return ATTACHED;
  };
  await using server = await served({ add: work('ADD'), del: work('DEL') as never }, 30_000);
  for (const command of ['ADD', 'DEL']) {
    begun = Promise.withResolvers();
    const killed = new AbortController();
    // of another container: its DEL ends an ADD anyway
    const call = server.call(command, `of-${command}`, killed.signal);
    await begun.promise;
    killed.abort();
    await assert.rejects(call, { name: 'AbortError' });
    await server.gone();
  }
  kernel.resolve();
  assert.equal((await server.call('ADD', 'c2')).status, 200);
  assert.equal((await server.call('DEL', 'c2')).status, 200);
  assert.deepEqual(over, ['ADD true', 'DEL false', 'ADD false', 'DEL false']);
});

test('a GC that waits for its turn is told of the ADDs that were done meanwhile', async () => {
  const kernel = Promise.withResolvers<void>();
  const told: boolean[] = [];
  const collect: CniApiDeps['garbage']['collect'] = async (_request, added) => {
    for (const containerId of ['before', 'meanwhile']) told.push(added.has({ containerId, ifname: 'eth0' }));
  };
  await using server = await served({ add: async () => ATTACHED, del: () => kernel.promise, collect }, 30_000);
  await server.call('ADD', 'before');
  const first = server.call('DEL');
  await server.asked(2);
  const collecting = server.call('GC');
  await server.asked(3);
  await server.call('ADD', 'meanwhile');
  kernel.resolve();
  assert.deepEqual([(await first).status, (await collecting).status], [200, 200]);
  assert.deepEqual(told, [false, true]);
});
