import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { asProcess, type CniClient } from '../contract/cni-client.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { type Built, built } from './built.ts';
import { DATASTORES } from './datastores.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { Relay } from './relay.ts';
import { addressesOf, type Sandbox } from './sandbox.ts';
import { Scene } from './scene.ts';

const CLIENTS: Readonly<Record<string, (dist: Built) => readonly [string, ...string[]]>> = {
  coil: ({ coil }) => [coil],
  'hypercoil coil': ({ hypercoil }) => [hypercoil, 'coil'],
};
/** From before coild has read an ADD to after it has answered, in milliseconds after it was sent. */
const KILL_AFTER_MS = [0, 0.5, 1, 2, 3, 5, 8, 12];

// one beside the other; what is in each goes one after the other
describe('crashes', { concurrency: 2 }, () => {
  for (const [name, openDatastore] of Object.entries(DATASTORES)) {
    describe(`an ADD over ${name} in which something is killed`, { skip: needsRoot, concurrency: 1 }, () => {
      let node: NodeUnderTest;
      before(async () => {
        node = await NodeUnderTest.start(openDatastore, '--http=');
      });
      after(() => node[Symbol.asyncDispose]());

      for (const [clientName, clientOf] of Object.entries(CLIENTS)) {
        for (const moment of ['request', 'answer'] as const) {
          test(`${clientName}, with its ${moment} on the way: a repeated ADD gives the one address`, async () => {
            const [file, ...args] = clientOf(await built());
            await using scene = new Scene(node, asProcess(file, ...args));
            const kill = new AbortController();
            await using relay = await listen(node, (direction) => direction === moment && kill.abort(), true);
            const sandbox = await scene.sandbox();
            const killed = sandbox.calledBy(killable(kill.signal, file, ...args));
            assert.equal((await killed.call('ADD', through(relay))).exitStatus, KILLED);
            await addsOneAddress(sandbox);
          });
        }
      }

      test('coild, at any moment: after a restart a repeated ADD gives the one address', async () => {
        await using scene = new Scene(node, asProcess(node.dist.coil));
        const given = new Set<string>();
        for (const ms of KILL_AFTER_MS) {
          const sent = Promise.withResolvers<void>();
          await using relay = await listen(node, () => sent.resolve());
          const sandbox = await scene.sandbox();
          const adding = sandbox.call('ADD', through(relay));
          await sent.promise;
          if (ms > 0) await delay(ms);
          node.coild.signal('SIGKILL');
          assert.equal(await node.coild.ended(), 'SIGKILL');
          const { exitStatus, stdout } = await adding;
          if (exitStatus !== 0) assert.equal(JSON.parse(stdout).code, 11, stdout);
          await node.startCoild('--http=');
          given.add(await addsOneAddress(sandbox));
        }
        assert.equal(given.size, KILL_AFTER_MS.length);
      });
    });
  }
});

const KILLED = -1;

/** What every retry has to come to. @returns the address */
async function addsOneAddress(sandbox: Sandbox): Promise<string> {
  const result = await sandbox.add();
  const addresses = addressesOf(result);
  assert.equal(addresses.length, 1);
  assert.deepEqual(await sandbox.recorded(), addresses);
  await sandbox.succeed('CHECK', { netconf: { prevResult: result } });
  return addresses[0]!;
}

/** A relay before coild's socket. */
function listen(
  node: NodeUnderTest,
  forwarded: (direction: 'request' | 'answer') => void,
  holdAnswers = false,
): Promise<RelayTo> {
  const path = join(node.folder, `relay-${relays++}.sock`);
  const listening = Relay.listen({ listen: { path }, target: { path: node.socket }, forwarded, holdAnswers });
  return listening.then((relay) => Object.assign(relay, { path }));
}

let relays = 0;
type RelayTo = Relay & { readonly path: string };

function through({ path }: RelayTo) {
  return { netconf: { coild: `unix://${path}` } };
}

/** A client that `signal` kills, which is no failure of the test. */
function killable(signal: AbortSignal, file: string, ...args: readonly string[]): CniClient {
  return async ({ argv, env, stdin }) => {
    const child = spawn(file, [...args, ...argv], { env });
    child.stdin.end(stdin);
    signal.addEventListener('abort', () => child.kill('SIGKILL'));
    const [status] = await once(child, 'exit');
    return { exitStatus: status ?? KILLED, stdout: Buffer.of(), stderr: '' };
  };
}
