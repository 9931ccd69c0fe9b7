import { setTimeout as delay } from 'node:timers/promises';
import { GRPCOutOfRangeError } from 'etcd3';
import { podLinks } from '../e2e/kernel-state.ts';
import type { Random } from '../model/random.ts';
import type { StormNode } from './storm-node.ts';
import type { StormScene } from './storm-scene.ts';

/** Something bad that happens, and is over again when the promise is fulfilled. `signal` makes an early end of it. */
export type Trouble = (scene: StormScene, random: Random, signal: AbortSignal) => Promise<void>;

/** Troubles of one kind, which come one after the other, with so many milliseconds of calm between them, on average. */
export interface Strand {
  readonly calmMs: number;
  readonly troubles: Readonly<Record<string, Trouble>>;
}

/** What happens side by side. */
export const STRANDS: readonly Strand[] = [
  {
    calmMs: 3_500,
    troubles: {
      'etcd is paused': async ({ server }, random, signal) => {
        server.member.freeze();
        await pause(200 + random.below(4_000), signal);
        server.member.thaw();
      },
      'etcd is killed': async ({ server }, random, signal) => {
        await server.member.kill();
        await pause(random.below(2_000), signal);
        await server.member.start();
      },
      'etcd forgets its history': async ({ server, fixture }) => {
        // it is behind a disturbance of its own, where a coild is cut off
        const { header } = await fixture.etcd.kv.range({ key: Buffer.from(server.url) });
        try {
          await fixture.etcd.kv.compact({ revision: header.revision, physical: true });
        } catch (error) {
          // nothing was changed since it forgot last
          if (!(error instanceof GRPCOutOfRangeError)) throw error;
        }
      },
    },
  },
  {
    calmMs: 3_000,
    troubles: {
      'a node is cut off': async ({ nodes }, random, signal) => {
        const { link } = one(nodes, random);
        link.cut();
        await pause(random.below(3_000), signal);
        link.restore();
      },
      'connections to etcd are reset': async ({ nodes }, random) => {
        const { link } = one(nodes, random);
        link.cut();
        link.restore();
      },
      'a link falls silent': async ({ nodes }, random, signal) => {
        const { link } = one(nodes, random);
        link.hold();
        await pause(random.below(7_000), signal);
        link.release();
      },
      'a link falls silent, and all connections are lost': async ({ nodes }, random, signal) => {
        const { link } = one(nodes, random);
        link.hold();
        await pause(random.below(3_000), signal);
        link.cut();
        link.release();
        link.restore();
      },
    },
  },
  {
    calmMs: 2_500,
    troubles: {
      'coild is killed': async ({ nodes }, random) => {
        const node = one(nodes, random);
        await node.endCoild('SIGKILL');
        node.startCoild();
      },
      'coild is killed, and stays away': async ({ nodes }, random, signal) => {
        const node = one(nodes, random);
        await node.endCoild('SIGKILL');
        await pause(random.below(2_000), signal);
        node.startCoild();
      },
      'coild is restarted': async ({ nodes }, random) => {
        const node = one(nodes, random);
        await node.endCoild('SIGTERM');
        node.startCoild();
      },
      'coild hangs': async ({ nodes }, random) => one(nodes, random).hangCoild(random.below(2_000)),
    },
  },
  {
    calmMs: 1_000,
    troubles: {
      'the exported routes are deleted': async ({ nodes }, random) =>
        vandalize(one(nodes, random), 'route flush table 119 proto 30'),
      'the IPv6 routes of blocks are deleted': async ({ nodes }, random) =>
        vandalize(one(nodes, random), '-6 route flush table 119 proto 30'),
      "the Pods' routes are deleted": async ({ nodes }, random) =>
        vandalize(one(nodes, random), 'route flush table main root 10.11.0.0/16'),
      "the Pods' links are set down": async ({ nodes }, random) => {
        const node = one(nodes, random);
        for (const link of await podLinks(node.under.netns)) await vandalize(node, `link set ${link} down`);
      },
      "the Pods' IPv6 routes are deleted": async ({ nodes }, random) =>
        vandalize(one(nodes, random), '-6 route flush table main root fd00:11::/112'),
    },
  },
];

/** Lets the troubles of a strand come until `signal` is aborted. @param tell is told of each */
export async function runStrand(
  strand: Strand,
  scene: StormScene,
  { random, signal, tell }: { random: Random; signal: AbortSignal; tell: (what: string) => void },
): Promise<void> {
  const names = Object.keys(strand.troubles);
  for (;;) {
    await pause(random.below(2 * strand.calmMs), signal);
    if (signal.aborted) return;
    const name = names[random.below(names.length)]!;
    tell(name);
    await strand.troubles[name]!(scene, random, signal);
    tell(`over: ${name}`);
  }
}

function one(nodes: readonly StormNode[], random: Random): StormNode {
  return nodes[random.below(nodes.length)]!;
}

/** It fails where there is nothing to delete, or a route that it has seen is gone meanwhile. */
async function vandalize(node: StormNode, line: string): Promise<void> {
  await node.under.netns.ip(line).catch(() => undefined);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
