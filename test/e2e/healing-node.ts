import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { IpPrefix } from '../../src/model/ip-prefix.ts';
import { asProcess } from '../contract/cni-client.ts';
import type { LogLine } from './coild-process.ts';
import { DATASTORES } from './datastores.ts';
import { eventually } from './eventually.ts';
import { dumpKernel } from './kernel-state.ts';
import { NodeUnderTest } from './node-under-test.ts';
import type { CniResult, Sandbox } from './sandbox.ts';
import { Scene } from './scene.ts';

/** What is promised. */
const BACK_WITHIN_MS = 1000;
const IPV6_SUBNET = 'fd00:11::/112';

/** A Pod, and what its ADD gave. */
export interface AttachedPod {
  readonly sandbox: Sandbox;
  readonly result: CniResult;
}

/** A node whose Pods have addresses of both families, and a coild that mends what somebody takes away. */
export class HealingNode implements AsyncDisposable {
  readonly node: NodeUnderTest;
  readonly scene: Scene;
  readonly #flags: readonly string[];

  private constructor(node: NodeUnderTest, flags: readonly string[]) {
    this.node = node;
    this.scene = new Scene(node, asProcess(node.dist.coil));
    this.#flags = flags;
  }

  static async start(...flags: readonly string[]): Promise<HealingNode> {
    const node = await NodeUnderTest.create(DATASTORES.sqlite);
    const healing = new HealingNode(node, ['--http=', ...flags]);
    const signal = AbortSignal.timeout(10_000);
    await node.datastore.store.addSubnet('default', IpPrefix.parse(IPV6_SUBNET), signal);
    await healing.startCoild();
    return healing;
  }

  async startCoild(): Promise<void> {
    await this.node.startCoild(...this.#flags);
  }

  async attach(): Promise<AttachedPod> {
    const sandbox = await this.scene.sandbox();
    return { sandbox, result: await sandbox.add() };
  }

  /** Links, addresses and routes; the kernel lists routes to one destination in the order in which they came. */
  async state(): Promise<readonly string[]> {
    return [...(await dumpKernel(this.node.netns))].sort();
  }

  /** Does `damage`, after which all has to be as it was within a second. @returns what coild says of that, so many lines */
  async healsAfter(damage: () => Promise<unknown>, lines = 0): Promise<readonly LogLine[]> {
    const before = await this.state();
    const logged = this.node.coild.log.length;
    await damage();
    const isBack = async () => isDeepStrictEqual(await this.state(), before);
    await eventually('all is as before', isBack, BACK_WITHIN_MS).catch(async (error) => {
      assert.deepEqual(await this.state(), before, `${error}\n${this.node.coild.output}`);
    });
    const said = () => this.node.coild.log.slice(logged);
    await eventually(`coild says so in ${lines} lines`, async () => said().length >= lines);
    return said();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node[Symbol.asyncDispose]();
  }
}
