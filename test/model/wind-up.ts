import { makeLate } from './delivery-commands.ts';
import { GRACE_MS } from './model-reclaim.ts';
import { vanish } from './reclaim-commands.ts';
import { settle } from './settle-commands.ts';
import { promise } from './violation.ts';
import type { World } from './world.ts';

/**
 * All trouble ends. Of the Pods, one half is taken down by DELs, and the other one is found to be gone; then every block
 * is returned. @throws {Violation} where anything is left, or a node cannot attach a Pod afterwards
 */
export async function windUp(world: World): Promise<void> {
  for (const held of world.late.splice(0)) await makeLate(world, held);
  for (const node of world.nodes) {
    node.isCutOff = false;
    await node.start();
  }
  for (const node of world.nodes) await settle(world, node);
  await promiseUnprovenStay(world);
  for (const [i, sandbox] of world.sandboxes.entries()) {
    if (i % 2 === 0) continue;
    world.begin('DEL', sandbox);
    await settle(world, sandbox.node);
  }
  await promiseVanishedAreFreed(world);
  world.pass(3_600_000);
  await returnBlocks(world);
  for (const node of world.nodes) {
    const sandbox = world.sandboxes.find((each) => each.node === node)!;
    world.begin('ADD', sandbox);
    await settle(world, node);
    promise(sandbox.state === 'live', () => `${node.name} cannot attach a Pod any more`);
    world.begin('DEL', sandbox);
    await settle(world, node);
    await returnBlocks(world);
  }
}

/** Where neither runtime nor API server can be asked, nothing is a leak. */
async function promiseUnprovenStay(world: World): Promise<void> {
  for (const { silent } of world.nodes) silent.add('runtime').add('api');
  const before = recorded(world);
  await look(world);
  world.pass(GRACE_MS);
  await look(world);
  promise(recorded(world) === before, () => `by the nodes' word alone, of ${before} only ${recorded(world)} is left`);
  for (const { silent } of world.nodes) silent.clear();
}

/** All Pods that are left go without a DEL. What they had is free after a grace, and not before. */
async function promiseVanishedAreFreed(world: World): Promise<void> {
  for (const [i, sandbox] of world.sandboxes.entries()) vanish(sandbox, i);
  const before = recorded(world);
  await look(world);
  await look(world);
  promise(recorded(world) === before, () => `before the grace was over, of ${before} only ${recorded(world)} is left`);
  world.pass(GRACE_MS);
  await look(world);
  promise(recorded(world) === '', () => `left behind: ${recorded(world)}`);
  for (const sandbox of world.sandboxes) sandbox.state = 'gone';
}

async function look(world: World): Promise<void> {
  for (const node of world.nodes) {
    promise(node.coild!.reclaim.look(), () => `${node.name} does not look for leaks`);
    await settle(world, node);
  }
}

function recorded({ truth }: World): string {
  return [...truth.records.keys()].toSorted().join(' ');
}

async function returnBlocks(world: World): Promise<void> {
  for (const node of world.nodes) {
    world.scan(node.coild!, 0);
    await settle(world, node);
    await node.links.settled();
    const links = node.links.links.join(' ');
    promise(links === '', () => `links are left on ${node.name}: ${links}`);
  }
  promise(world.truth.owners.size === 0, () => `not returned: ${[...world.truth.owners.keys()].join(' ')}`);
}
