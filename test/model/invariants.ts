import { hostIfname } from '../../src/podnet/host-ifname.ts';
import type { ModelNode } from './model-node.ts';
import type { Sandbox } from './sandbox.ts';
import { addressOf, blocksOf, recordsOf } from './truth.ts';
import { promise } from './violation.ts';
import type { World } from './world.ts';

/** What has to be so at any moment. @throws {Violation} */
export function checkAlways(world: World): void {
  const { truth } = world;
  const holders = new Map<string, string>();
  const recorded = Map.groupBy(truth.records, ([, { assignment }]) => assignment.containerId);
  for (const sandbox of world.sandboxes) {
    const { containerId, node, state, calls } = sandbox;
    if (state === 'live') {
      for (const address of sandbox.addresses) {
        const record = truth.records.get(address);
        promise(
          record?.assignment.containerId === containerId,
          () => `${address} of live ${containerId} is not its own`,
        );
        const owner = truth.owners.get(record!.block.toString());
        promise(owner === node.name, () => `${address} of live ${containerId} is in a block of ${owner}`);
        const other = holders.get(address);
        promise(other === undefined, () => `${address} is both ${other}'s and ${containerId}'s`);
        holders.set(address, containerId);
      }
    }
    const records = recorded.get(containerId) ?? [];
    promise(state !== 'gone' || calls.size > 0 || records.length === 0, () => `gone ${containerId} is still recorded`);
    const families = records.map(([, { block }]) => block.family);
    promise(new Set(families).size === families.length, () => `two addresses of a family are ${containerId}'s`);
  }
  for (const node of world.nodes) {
    if (!node.hasJournal || !world.behind.has(node)) checkRoutes(world, node);
    checkAcquisitions(node);
  }
}

/** Many Pods that want an address at once make their node acquire one block. */
function checkAcquisitions({ name, coild }: ModelNode): void {
  const under = (coild?.gate.calls ?? []).map((call) => call.name).filter((call) => call.startsWith('acquireBlock '));
  promise(new Set(under).size === under.length, () => `${name} acquires two blocks at once: ${under}`);
}

/** No route leads to a Pod that the address is not recorded for. */
function checkRoutes({ truth, sandboxes }: World, node: ModelNode): void {
  for (const name of node.links.links) {
    const { owner, routes } = node.links.link(name)!;
    const sandbox = sandboxes.find(({ containerId }) => owner === `${containerId}/eth0`);
    if (sandbox === undefined || sandbox.isRevoked || isAttachedUnaware(sandbox)) continue;
    for (const address of routes) {
      const holder = truth.records.get(address)?.assignment.containerId;
      promise(
        holder === sandbox.containerId,
        () => `${node.name} routes ${address}, ${holder ?? 'nobody'}'s, to ${owner}`,
      );
    }
  }
}

/** By its journal a node gives out addresses of blocks that it has lost, until it hears of that. */
function isAttachedUnaware({ node, calls }: Sandbox): boolean {
  return node.hasJournal && [...calls].some(({ isBehind }) => isBehind);
}

/** What has to be so besides of a node that has nothing to do and has heard all. @throws {Violation} */
export function checkSettled(world: World, node: ModelNode): void {
  const { truth } = world;
  const { state, sync } = node.coild!;
  const owned = blocksOf(truth, node.name).toSorted().join(' ');
  const exported = node.routes.exported.toSorted().join(' ');
  checkConnection(world, node);
  promise(sync.isFresh, () => `${node.name} does not follow the datastore`);
  promise(exported === owned, () => `${node.name} owns ${owned || 'nothing'} and exports ${exported || 'nothing'}`);
  const known = state.blocks
    .map(({ block }) => block.toString())
    .toSorted()
    .join(' ');
  promise(known === owned, () => `${node.name} owns ${owned || 'nothing'} and knows of ${known || 'nothing'}`);
  for (const { block, offset, assignment } of state.records) {
    const address = block.nth(offset).toString();
    const actual = truth.records.get(address)?.assignment.containerId;
    promise(
      actual === assignment.containerId,
      () => `${node.name} takes ${address} for ${assignment.containerId}'s, and it is ${actual ?? 'nobody'}'s`,
    );
  }
  const records = [...truth.records.values()].filter(({ block }) => truth.owners.get(block.toString()) === node.name);
  promise(records.length === state.records.length, () => `${node.name} does not know of all its addresses`);
  for (const sandbox of world.sandboxesOf(node)) {
    checkLink(sandbox);
    checkReboot(world, sandbox);
  }
}

/** What was changed without the datastore was told to it, and who lost an address by that had it taken from it. */
function checkConnection({ sandboxes }: World, { name, coild }: ModelNode): void {
  const connection = coild!.offline;
  if (!connection) return;
  promise(!connection.isOffline, () => `${name} takes the datastore for lost`);
  const { pendingWrites, lost } = connection.status;
  promise(pendingWrites === 0, () => `${name} has not told the datastore of ${pendingWrites} changes`);
  for (const { record, reason } of lost) {
    const sandbox = sandboxes.find(({ containerId }) => containerId === record.assignment.containerId);
    const isTheirs = sandbox?.state === 'live' && sandbox.addresses.includes(addressOf(record));
    promise(!isTheirs, () => `${addressOf(record)} of live ${sandbox!.containerId} is told lost: ${reason}`);
  }
}

/** What a reboot ended is freed at the start of coild. */
function checkReboot({ truth }: World, { containerId, isFromBefore }: Sandbox): void {
  if (!isFromBefore) return;
  const [left] = recordsOf(truth, containerId);
  promise(left === undefined, () => `${left} of ${containerId} has outlived the reboot`);
}

function checkLink({ node, pod, containerId, state, hasLink, addresses }: Sandbox): void {
  if (state !== 'live' || !hasLink) return;
  const link = node.links.link(hostIfname('default', pod, 'eth0'));
  promise(link?.owner === `${containerId}/eth0`, () => `live ${containerId} has no link`);
  const missing = addresses.find((address) => !link!.routes.has(address));
  promise(missing === undefined, () => `no route leads to ${missing} of live ${containerId}`);
}
