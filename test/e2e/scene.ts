import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { asProcess, type CniClient } from '../contract/cni-client.ts';
import { eventually } from './eventually.ts';
import type { NodeUnderTest } from './node-under-test.ts';
import { Sandbox } from './sandbox.ts';

/** A node, and one client of its coild; the sandboxes of a test, which are taken down after it. */
export class Scene implements AsyncDisposable {
  readonly node: NodeUnderTest;
  readonly client: CniClient;
  readonly #sandboxes: Sandbox[] = [];

  constructor(node: NodeUnderTest, client: CniClient) {
    this.node = node;
    this.client = client;
  }

  /** A new sandbox: of a new Pod, or of one that is named. */
  async sandbox(name?: { readonly namespace?: string; readonly pod?: string }): Promise<Sandbox> {
    const sandbox = await Sandbox.create(this.node, this.client, name);
    this.#sandboxes.push(sandbox);
    return sandbox;
  }

  /** Runs `action`, and fails where anything in the datastore or the kernel is another afterwards. */
  async unchangedBy<T>(action: () => Promise<T>): Promise<T> {
    const before = await this.node.dump();
    const result = await action();
    assert.deepEqual(await this.node.dump(), before);
    return result;
  }

  /** Runs `action`, after which everything has to become as it was: links are deleted in the background. */
  async restoredAfter<T>(action: () => Promise<T>): Promise<T> {
    const before = await this.node.dump();
    const result = await action();
    await eventually('everything is as before', async () => isDeepStrictEqual(await this.node.dump(), before)).catch(
      async () => assert.deepEqual(await this.node.dump(), before),
    );
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const launcher = asProcess(this.node.dist.coil);
    await Promise.all(this.#sandboxes.map((sandbox) => sandbox.takeDown(launcher)));
    for (const { netns } of this.#sandboxes) await this.node.removePod(netns);
  }
}
