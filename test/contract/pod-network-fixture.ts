import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CoilError, type CoilErrorCode } from '../../src/model/error.ts';
import { IpAddress } from '../../src/model/ip-address.ts';
import type { AttachmentLinks } from '../../src/podnet/attachment-links.ts';
import type { Attachment, PodNetwork } from '../../src/podnet/pod-network.ts';

/** A node for one test: the port under test, and what else happens on a node. */
export interface PodNetworkFixture extends AsyncDisposable {
  readonly network: PodNetwork;
  /** The same node's links. */
  readonly links: AttachmentLinks;
  /** Path of a fresh namespace. */
  addNetns(): Promise<string>;
  deleteNetns(path: string): Promise<void>;
  addForeignLink(netns: string, ifname: string): Promise<void>;
  /** A pair with its host-side route, as v1 makes it; `owner` is the alias. */
  addPair(attachment: Attachment, owner: string | undefined): Promise<void>;
  addHostLink(name: string, owner: string | undefined): Promise<void>;
  removeRoute(hostIfname: string, address: IpAddress): Promise<void>;
  /** All of the node and its Pods, alike if and only if nothing changed. */
  print(): Promise<string>;
  /** Names of the veth links on the node. */
  hostLinks(): Promise<string[]>;
  /** `ADDRESS LINK`, a line a route to a Pod. */
  routes(): Promise<string[]>;
}

export interface PodNetworkSetup {
  readonly open: () => Promise<PodNetworkFixture>;
  /** Why the tests cannot run here. */
  readonly skip?: string | false;
}

/** A bound that no test should come near. */
export const soon = (): AbortSignal => AbortSignal.timeout(20_000);

/** A Pod of both families. */
export function attachmentOf(netns: string, changes: Partial<Attachment> = {}): Attachment {
  return {
    containerId: 'c1',
    netns,
    ifname: 'eth0',
    hostIfname: 'veth0123456789a',
    addresses: [IpAddress.parse('10.1.0.1'), IpAddress.parse('fd00:1::1')],
    ...changes,
  };
}

export async function fails(promise: Promise<unknown>, code: CoilErrorCode, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => CoilError.is(error, code) && message.test(error.message));
}

/** A test on a fixture of its own. */
export function networkTest(
  { open, skip = false }: PodNetworkSetup,
  name: string,
  body: (fixture: PodNetworkFixture) => Promise<void>,
): void {
  test(name, { skip }, async () => {
    await using fixture = await open();
    await body(fixture);
  });
}
