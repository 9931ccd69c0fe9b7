import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CoilError, type CoilErrorCode } from '../../src/model/error.ts';
import { IpAddress } from '../../src/model/ip-address.ts';
import type { Attachment, PodNetwork } from '../../src/podnet/pod-network.ts';

/** A node for one test: the port under test, and what else happens on a node. */
export interface PodNetworkFixture extends AsyncDisposable {
  readonly network: PodNetwork;
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

const soon = (): AbortSignal => AbortSignal.timeout(20_000);

function attachmentOf(netns: string, changes: Partial<Attachment> = {}): Attachment {
  return {
    containerId: 'c1',
    netns,
    ifname: 'eth0',
    hostIfname: 'veth0123456789a',
    addresses: [IpAddress.parse('10.1.0.1'), IpAddress.parse('fd00:1::1')],
    ...changes,
  };
}

async function fails(promise: Promise<unknown>, code: CoilErrorCode, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => CoilError.is(error, code) && message.test(error.message));
}

/** What every implementation of PodNetwork promises. */
export function podNetworkContract({ open, skip = false }: PodNetworkSetup): void {
  const networkTest = (name: string, body: (fixture: PodNetworkFixture) => Promise<void>): void => {
    test(name, { skip }, async () => {
      await using fixture = await open();
      await body(fixture);
    });
  };

  networkTest('attach makes a pair with routes on the node, and check agrees', async (fixture) => {
    const attachment = attachmentOf(await fixture.addNetns());
    const links = await fixture.network.attach(attachment, soon());
    assert.deepEqual([links.host.name, links.container.name], ['veth0123456789a', 'eth0']);
    for (const { mac, mtu } of [links.host, links.container]) {
      assert.match(mac, /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
      assert.equal(mtu, 1500);
    }
    assert.notEqual(links.host.mac, links.container.mac);
    assert.deepEqual(await fixture.routes(), ['10.1.0.1 veth0123456789a', 'fd00:1::1 veth0123456789a']);
    await fixture.network.check(attachment, soon());
  });

  networkTest('attach, repeated, changes nothing and gives the same answer', async (fixture) => {
    const attachment = attachmentOf(await fixture.addNetns());
    const links = await fixture.network.attach(attachment, soon());
    const before = await fixture.print();
    assert.deepEqual(await fixture.network.attach(attachment, soon()), links);
    assert.equal(await fixture.print(), before);
  });

  networkTest('a route that was lost fails the check, and attach brings it back', async (fixture) => {
    const attachment = attachmentOf(await fixture.addNetns());
    const links = await fixture.network.attach(attachment, soon());
    for (const address of attachment.addresses) {
      await fixture.removeRoute(attachment.hostIfname, address);
      await fails(fixture.network.check(attachment, soon()), 'check-failed', new RegExp(`route ${address} is missing`));
      assert.deepEqual(await fixture.network.attach(attachment, soon()), links);
      await fixture.network.check(attachment, soon());
    }
  });

  networkTest('where there is no namespace, attach and check say so, and nothing changes', async (fixture) => {
    const before = await fixture.print();
    const attachment = attachmentOf('/run/netns/ct-not-there');
    await fails(fixture.network.attach(attachment, soon()), 'netns-not-found', /ct-not-there/);
    await fails(fixture.network.check(attachment, soon()), 'netns-not-found', /ct-not-there/);
    assert.equal(await fixture.print(), before);
  });

  networkTest(
    "somebody else's interface in the Pod is left alone, and so is a left-over on the node",
    async (fixture) => {
      const netns = await fixture.addNetns();
      await fixture.addForeignLink(netns, 'eth0');
      const attachment = attachmentOf(netns);
      for (const leftOver of [false, true]) {
        if (leftOver) await fixture.addHostLink(attachment.hostIfname, 'c0/eth0');
        const before = await fixture.print();
        await fails(fixture.network.attach(attachment, soon()), 'link-exists', /eth0/);
        assert.equal(await fixture.print(), before);
      }
    },
  );

  for (const owner of [undefined, 'c0/eth0', 'c1/eth0']) {
    networkTest(`a left-over link of that name, owner ${owner ?? 'unknown'}, is replaced`, async (fixture) => {
      const attachment = attachmentOf(await fixture.addNetns());
      await fixture.addHostLink(attachment.hostIfname, owner);
      await fixture.network.attach(attachment, soon());
      await fixture.network.check(attachment, soon());
      await fixture.network.settled();
      await fixture.network.check(attachment, soon());
    });
  }

  networkTest('a pair in the same Pod without an owner is replaced by one with', async (fixture) => {
    const attachment = attachmentOf(await fixture.addNetns());
    await fixture.addPair(attachment, undefined);
    await fails(fixture.network.check(attachment, soon()), 'check-failed', /veth0123456789a/);
    await fixture.network.attach(attachment, soon());
    await fixture.network.check(attachment, soon());
  });

  networkTest('a route to the address that another Pod left behind is taken over', async (fixture) => {
    const first = attachmentOf(await fixture.addNetns());
    await fixture.network.attach(first, soon());
    const second = attachmentOf(await fixture.addNetns(), { containerId: 'c2', hostIfname: 'veth-other' });
    await fixture.network.attach(second, soon());
    assert.deepEqual(await fixture.routes(), ['10.1.0.1 veth-other', 'fd00:1::1 veth-other']);
    // the first Pod's detach must not take the second's routes
    await fixture.network.detach(first, soon());
    await fixture.network.settled();
    await fixture.network.check(second, soon());
  });

  networkTest(
    'detach withdraws the routes at once, deletes the pair in the end, and may be repeated',
    async (fixture) => {
      const attachment = attachmentOf(await fixture.addNetns());
      await fixture.network.attach(attachment, soon());
      await fixture.network.detach(attachment, soon());
      assert.deepEqual(await fixture.routes(), []);
      await fixture.network.detach(attachment, soon());
      await fixture.network.settled();
      assert.deepEqual(await fixture.hostLinks(), []);
      const before = await fixture.print();
      await fixture.network.detach(attachment, soon());
      await fixture.network.settled();
      assert.equal(await fixture.print(), before);
    },
  );

  networkTest('detach needs no namespace, and no addresses', async (fixture) => {
    const kept = attachmentOf(await fixture.addNetns());
    for (const netns of [undefined, '', '/run/netns/ct-not-there']) {
      await fixture.network.attach(kept, soon());
      await fixture.network.detach({ ...kept, netns, addresses: [] }, soon());
      await fixture.network.settled();
      assert.deepEqual([await fixture.hostLinks(), await fixture.routes()], [[], []]);
    }
    await fixture.network.attach(kept, soon());
    await fixture.deleteNetns(kept.netns);
    await fixture.network.detach(kept, soon());
    await fixture.network.settled();
    assert.deepEqual(await fixture.hostLinks(), []);
  });

  networkTest("detach leaves another container's link alone", async (fixture) => {
    const attachment = attachmentOf(await fixture.addNetns());
    await fixture.network.attach(attachment, soon());
    const before = await fixture.print();
    for (const netns of [attachment.netns, undefined]) {
      await fixture.network.detach({ ...attachment, netns, containerId: 'c0' }, soon());
      await fixture.network.settled();
      assert.equal(await fixture.print(), before);
    }
  });

  networkTest("a link without an owner is known by the Pod's end of it", async (fixture) => {
    const attachment = attachmentOf(await fixture.addNetns());
    const other = await fixture.addNetns();
    await fixture.addPair(attachment, undefined);
    const before = await fixture.print();
    await fixture.network.detach({ ...attachment, netns: other }, soon());
    await fixture.network.detach({ ...attachment, ifname: 'eth1' }, soon());
    await fixture.network.settled();
    assert.equal(await fixture.print(), before);
    await fixture.network.detach(attachment, soon());
    await fixture.network.settled();
    assert.deepEqual(await fixture.hostLinks(), []);
  });

  networkTest(
    'a link without an owner is known by the route to its Pod where the namespace is gone',
    async (fixture) => {
      const attachment = attachmentOf(await fixture.addNetns());
      await fixture.addPair(attachment, undefined);
      const before = await fixture.print();
      const gone = { ...attachment, netns: '/run/netns/ct-not-there' };
      await fixture.network.detach({ ...gone, addresses: [] }, soon());
      await fixture.network.detach({ ...gone, addresses: [IpAddress.parse('10.1.0.2')] }, soon());
      await fixture.network.settled();
      assert.equal(await fixture.print(), before);
      await fixture.network.detach(gone, soon());
      await fixture.network.settled();
      assert.deepEqual(await fixture.hostLinks(), []);
    },
  );

  networkTest('attach right after detach gets a link that stays', async (fixture) => {
    const attachment = attachmentOf(await fixture.addNetns());
    await fixture.network.attach(attachment, soon());
    for (const containerId of ['c1', 'c2', 'c2']) {
      await fixture.network.detach({ ...attachment, containerId }, soon());
      await fixture.network.attach({ ...attachment, containerId }, soon());
    }
    await fixture.network.settled();
    await fixture.network.check({ ...attachment, containerId: 'c2' }, soon());
  });

  networkTest('an aborted call rejects with the reason, and changes nothing', async (fixture) => {
    const attachment = attachmentOf(await fixture.addNetns());
    const before = await fixture.print();
    const reason = new Error('no longer wanted');
    for (const verb of ['attach', 'detach', 'check'] as const) {
      await assert.rejects(fixture.network[verb](attachment, AbortSignal.abort(reason)), reason);
    }
    assert.equal(await fixture.print(), before);
  });

  networkTest('many Pods come and go side by side', async (fixture) => {
    const attachments = await Promise.all(
      Array.from({ length: 12 }, async (_, i) =>
        attachmentOf(await fixture.addNetns(), {
          containerId: `c${i}`,
          hostIfname: `veth-${i}`,
          addresses: [IpAddress.parse(`10.1.0.${i}`)],
        }),
      ),
    );
    await Promise.all(attachments.map((attachment) => fixture.network.attach(attachment, soon())));
    await Promise.all(attachments.map((attachment) => fixture.network.check(attachment, soon())));
    assert.equal((await fixture.routes()).length, 12);
    await Promise.all(attachments.slice(2).map((attachment) => fixture.network.detach(attachment, soon())));
    await fixture.network.settled();
    assert.deepEqual(await fixture.routes(), ['10.1.0.0 veth-0', '10.1.0.1 veth-1']);
    assert.deepEqual(await fixture.hostLinks(), ['veth-0', 'veth-1']);
  });
}
