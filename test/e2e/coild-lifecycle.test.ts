import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { asProcess } from '../contract/cni-client.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { DATASTORES } from './datastores.ts';
import { eventually } from './eventually.ts';
import { addressesSettled, isKernelsOwn } from './kernel-state.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { Relay } from './relay.ts';
import { Scene } from './scene.ts';

const ADDS = 10;
/** A route of the test's own, to know by that the monitor has seen all that came before. */
const MARKER = '192.0.2.1';

// one beside the other; what is in each goes one after the other
describe('life of coild', { concurrency: 2 }, () => {
  for (const [name, openDatastore] of Object.entries(DATASTORES)) {
    describe(`coild over ${name} starts and stops`, { skip: needsRoot, concurrency: 1 }, () => {
      let node: NodeUnderTest;
      let scene: Scene;
      beforeEach(async () => {
        node = await NodeUnderTest.start(openDatastore, '--http=');
        scene = new Scene(node, asProcess(node.dist.coil));
      });
      afterEach(() => node[Symbol.asyncDispose]());

      test('SIGTERM: the ADDs under way are answered, the exit status is 0, the socket is gone', async () => {
        const path = join(node.folder, 'relay.sock');
        let requests = 0;
        const forwarded = (direction: string) => {
          if (direction === 'request') requests++;
        };
        await using _relay = await Relay.listen({ listen: { path }, target: { path: node.socket }, forwarded });
        const sandboxes = await Promise.all(Array.from({ length: ADDS }, () => scene.sandbox()));
        // stopped meanwhile, coild finds the signal and the requests together, some of them not even accepted
        node.coild.signal('SIGSTOP');
        const adding = sandboxes.map((sandbox) => sandbox.add({ netconf: { coild: `unix://${path}` } }));
        await eventually('coild was sent all requests', async () => requests >= ADDS);
        node.coild.signal('SIGTERM');
        node.coild.signal('SIGCONT');
        const outcomes = await Promise.allSettled(adding);
        assert.deepEqual(
          outcomes.filter(({ status }) => status === 'rejected'),
          [],
        );
        assert.equal(await node.coild.ended(), 0, node.coild.output);
        assert.equal(existsSync(node.socket), false);
      });

      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        test(`a restart after ${signal} changes no route, and finds the Pods again`, async () => {
          const sandboxes = [await scene.sandbox(), await scene.sandbox()];
          const results = await Promise.all(sandboxes.map((sandbox) => sandbox.add()));
          await addressesSettled(node.netns);
          await using monitor = await RouteMonitor.start(node);
          const before = await node.dump();
          node.coild.signal(signal);
          await node.coild.ended();
          await node.startCoild('--http=');
          for (const [i, sandbox] of sandboxes.entries()) {
            await sandbox.succeed('CHECK', { netconf: { prevResult: results[i] } });
            assert.deepEqual(await sandbox.add(), results[i]);
          }
          assert.deepEqual(await monitor.seen(), []);
          assert.deepEqual(await node.dump(), before);
        });
      }

      test('a second coild on the socket of a live one is an error that says so, and changes nothing', async () => {
        const sandbox = await scene.sandbox();
        await sandbox.add();
        for (const COIL_NODE_NAME of ['node1', 'node2']) {
          await scene.unchangedBy(async () => {
            const second = node.spawnCoild(['--http='], { COIL_NODE_NAME });
            assert.equal(await second.ended(), 1);
            assert.match(second.output, new RegExp(`another process serves ${node.socket}: stop it first`));
          });
        }
        await sandbox.add();
      });

      test('a stale socket is replaced, and only root can connect to the new one', async () => {
        node.coild.signal('SIGKILL');
        await node.coild.ended();
        assert.ok(statSync(node.socket).isSocket());
        await node.startCoild('--http=');
        assert.equal(statSync(node.socket).mode & 0o777, 0o600);
        await (await scene.sandbox()).add();
      });
    });
  }
});

/** `ip monitor route` in the node's namespace. */
class RouteMonitor implements AsyncDisposable {
  readonly #node: NodeUnderTest;
  readonly #process;
  #text = '';

  private constructor(node: NodeUnderTest) {
    this.#node = node;
    this.#process = spawn('ip', ['-n', node.netns.name, 'monitor', 'route'], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#text += text;
    });
  }

  static async start(node: NodeUnderTest): Promise<RouteMonitor> {
    const monitor = new RouteMonitor(node);
    await eventually('ip monitor listens', async () => {
      await monitor.#mark();
      return monitor.#text !== '';
    });
    await monitor.seen();
    return monitor;
  }

  /** The changes since it was last asked. */
  async seen(): Promise<readonly string[]> {
    await this.#mark();
    await eventually('the marker is seen', async () => /Deleted 192\.0\.2\.1 .*\n$/.test(this.#text));
    const lines = this.#text.split('\n').filter((line) => line !== '' && !line.includes(MARKER) && !isKernelsOwn(line));
    this.#text = '';
    return lines;
  }

  async #mark(): Promise<void> {
    await this.#node.netns.ip(`route add ${MARKER} dev lo`);
    await this.#node.netns.ip(`route delete ${MARKER} dev lo`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.kill();
    await exited;
  }
}
