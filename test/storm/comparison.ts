import { readdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type LivePod, nameOf } from './ledger.ts';
import type { StormNode } from './storm-node.ts';
import type { StormScene } from './storm-scene.ts';

const LOOK_MS = 100;
/** The link of the routes that a routing daemon would learn. */
const TO_OTHER_NODE = 'eth0';

interface IpRoute {
  readonly dst: string;
  readonly dev: string;
  readonly table?: string;
  readonly protocol?: string;
}

/** All that there should be, or is, in the datastore and on the nodes: a line each, in order. */
type Facts = readonly string[];

/** Waits until the datastore and the nodes' kernels are what was promised, and nothing besides. @returns what is not */
export async function differences(scene: StormScene, live: readonly LivePod[], withinMs: number): Promise<Facts> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await difference(scene, live);
    if (found.length === 0 || performance.now() > deadline) return found;
    await delay(LOOK_MS);
  }
}

async function difference(scene: StormScene, live: readonly LivePod[]): Promise<Facts> {
  const signal = AbortSignal.timeout(10_000);
  const blocks = await scene.store.listBlocks(signal);
  const lines: string[] = [];
  const compare = (expected: Facts, actual: Facts) => {
    const [wanted, there] = [new Set(expected), new Set(actual)];
    if (isDeepStrictEqual(expected.toSorted(), actual.toSorted())) return;
    const missing = expected.filter((line) => !there.has(line)).map((line) => `missing: ${line}`);
    const tooMuch = actual.filter((line) => !wanted.has(line)).map((line) => `too much: ${line}`);
    lines.push(...(missing.length + tooMuch.length === 0 ? [`twice, of ${actual}`] : [...missing, ...tooMuch]));
  };
  const records: string[] = [];
  for (const [node, owned] of blocks) {
    for (const { block } of owned) {
      for (const { offset, assignment } of await scene.store.listAddresses(block, signal))
        records.push(
          `etcd: ${block.nth(offset)} of ${assignment.pod}, ${assignment.containerId.slice(0, 12)}, on ${node}`,
        );
    }
  }
  compare(
    live.flatMap(({ node, sandbox, addresses }) =>
      addresses.map(
        (address) => `etcd: ${address} of ${sandbox.pod}, ${sandbox.containerId.slice(0, 12)}, on ${node.name}`,
      ),
    ),
    records,
  );
  const owners = Object.entries(await scene.fixture.dump()).filter(([key]) => key.startsWith('owner/'));
  compare(
    [...blocks].flatMap(([node, owned]) => owned.map(({ block }) => `etcd: owner/${block.address} = ${node}`)),
    owners.map(([key, node]) => `etcd: ${key} = ${node}`),
  );
  for (const node of scene.nodes) {
    const pods = live.filter((pod) => pod.node === node);
    const owned = (blocks.get(node.name) ?? []).map(({ block }) => block);
    compare(
      [
        ...pods.map(({ sandbox }) => `${node.name}: link ${sandbox.hostLink}`),
        ...pods.flatMap(({ sandbox, addresses }) =>
          addresses.map((address) => `${node.name}: route ${address} to ${sandbox.hostLink}`),
        ),
        ...owned.map((block) => `${node.name}: exported ${withoutHostLength(String(block))}`),
      ],
      await kernelFacts(node),
    );
    compare(
      [],
      (await spooled(node)).map((file) => `${node.name}: spooled ${file}`),
    );
  }
  return lines;
}

async function kernelFacts(node: StormNode): Promise<Facts> {
  const { netns } = node.under;
  const links = JSON.parse(await netns.ip('-json link show')) as { readonly ifname: string }[];
  const routes = [
    ...(JSON.parse(await netns.ip('-4 -json route show table all')) as IpRoute[]),
    ...(JSON.parse(await netns.ip('-6 -json route show table all')) as IpRoute[]),
  ].filter(({ dst, dev }) => (dst.startsWith('10.11.') || dst.startsWith('fd00:11:')) && dev !== TO_OTHER_NODE);
  return [
    ...links.filter(({ ifname }) => ifname.startsWith('veth')).map(({ ifname }) => `${node.name}: link ${ifname}`),
    ...routes.map(({ dst, dev, table, protocol }) => {
      if (table === '119' && protocol === '30') return `${node.name}: exported ${dst}`;
      return `${node.name}: route ${dst} to ${dev}${table === undefined ? '' : ` in table ${table}`}`;
    }),
  ];
}

/** As `ip` shows it. */
function withoutHostLength(block: string): string {
  return block.replace(/\/(32|128)$/, '');
}

async function spooled(node: StormNode): Promise<readonly string[]> {
  const names = await readdir(`${node.under.socket}.spool`).catch(() => []);
  // what a launcher that was killed has left is removed after a minute
  return names.filter((name) => !name.endsWith('.tmp'));
}

/** What the Pods say of themselves: CNI's CHECK of each. */
export async function failedChecks(live: readonly LivePod[]): Promise<Facts> {
  const lines: string[] = [];
  for (const pod of live) {
    const { exitStatus, stdout } = await pod.sandbox.call('CHECK', { netconf: { prevResult: pod.result } });
    if (exitStatus !== 0) lines.push(`CHECK of ${nameOf(pod)} failed: ${stdout}`);
  }
  return lines;
}
