import assert from 'node:assert/strict';
import { IpAddress } from '../../src/model/ip-address.ts';
import { attachmentOf, networkTest, type PodNetworkSetup, soon } from './pod-network-fixture.ts';

/** Detaching, and attaching again after it. */
export function podDetachContract(setup: PodNetworkSetup): void {
  networkTest(
    setup,
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

  networkTest(setup, 'detach needs no namespace, and no addresses', async (fixture) => {
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

  networkTest(setup, "detach leaves another container's link alone", async (fixture) => {
    const attachment = attachmentOf(await fixture.addNetns());
    await fixture.network.attach(attachment, soon());
    const before = await fixture.print();
    for (const netns of [attachment.netns, undefined]) {
      await fixture.network.detach({ ...attachment, netns, containerId: 'c0' }, soon());
      await fixture.network.settled();
      assert.equal(await fixture.print(), before);
    }
  });

  networkTest(setup, "a link without an owner is known by the Pod's end of it", async (fixture) => {
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
    setup,
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

  networkTest(setup, 'attach right after detach gets a link that stays', async (fixture) => {
    const attachment = attachmentOf(await fixture.addNetns());
    await fixture.network.attach(attachment, soon());
    for (const containerId of ['c1', 'c2', 'c2']) {
      await fixture.network.detach({ ...attachment, containerId }, soon());
      await fixture.network.attach({ ...attachment, containerId }, soon());
    }
    await fixture.network.settled();
    await fixture.network.check({ ...attachment, containerId: 'c2' }, soon());
  });

  networkTest(setup, 'an aborted call rejects with the reason, and changes nothing', async (fixture) => {
    const attachment = attachmentOf(await fixture.addNetns());
    const before = await fixture.print();
    const reason = new Error('no longer wanted');
    for (const verb of ['attach', 'detach', 'check'] as const) {
      await assert.rejects(fixture.network[verb](attachment, AbortSignal.abort(reason)), reason);
    }
    assert.equal(await fixture.print(), before);
  });

  networkTest(setup, 'many Pods come and go side by side', async (fixture) => {
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
