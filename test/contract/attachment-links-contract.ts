import assert from 'node:assert/strict';
import { IpAddress } from '../../src/model/ip-address.ts';
import type { AddressClaim } from '../../src/podnet/attachment-links.ts';
import {
  attachmentOf,
  networkTest,
  type PodNetworkFixture,
  type PodNetworkSetup,
  soon,
} from './pod-network-fixture.ts';

type Traces = ReturnType<typeof attachmentOf>;
const OTHER_ADDRESSES = [IpAddress.parse('10.1.0.2'), IpAddress.parse('fd00:1::2')];

async function isThere({ links }: PodNetworkFixture, traces: Traces): Promise<boolean> {
  return (await links.look(soon())).has(traces);
}

/** What is a proof that an attachment is gone, and what is none. */
export function attachmentLinksContract(setup: PodNetworkSetup): void {
  networkTest(setup, 'the link of an attachment is seen from attach to the end of detach', async (fixture) => {
    const attachment = attachmentOf(await fixture.addNetns());
    assert.equal(await isThere(fixture, attachment), false);
    await fixture.network.attach(attachment, soon());
    assert.equal(await isThere(fixture, attachment), true);
    assert.equal(await isThere(fixture, { ...attachment, addresses: [] }), true);
    await fixture.network.detach(attachment, soon());
    await fixture.network.settled();
    assert.equal(await isThere(fixture, attachment), false);
  });

  networkTest(setup, 'with the namespace the link is gone', async (fixture) => {
    const attachment = attachmentOf(await fixture.addNetns());
    await fixture.network.attach(attachment, soon());
    await fixture.deleteNetns(attachment.netns);
    // the kernel takes a namespace down in the background
    for (const deadline = performance.now() + 5_000; await isThere(fixture, attachment); )
      assert.ok(performance.now() < deadline, 'not within 5 s');
  });

  networkTest(setup, "the link of a Pod's new sandbox is not that of its old one", async (fixture) => {
    const old = attachmentOf(await fixture.addNetns());
    await fixture.network.attach({ ...old, containerId: 'c2', addresses: OTHER_ADDRESSES }, soon());
    assert.equal(await isThere(fixture, old), false);
    assert.equal(await isThere(fixture, { ...old, ifname: 'eth1', containerId: 'c2' }), false);
    assert.equal(await isThere(fixture, { ...old, containerId: 'c2' }), true);
  });

  networkTest(
    setup,
    'a link without an owner, as v1 makes it, may be that of any attachment of its name',
    async (fixture) => {
      const attachment = attachmentOf(await fixture.addNetns());
      await fixture.addPair({ ...attachment, addresses: OTHER_ADDRESSES }, undefined);
      assert.equal(await isThere(fixture, attachment), true);
      assert.equal(await isThere(fixture, { ...attachment, hostIfname: 'veth-other' }), false);
    },
  );

  networkTest(setup, 'whatever link a route to one of the addresses leads to counts', async (fixture) => {
    const attachment = attachmentOf(await fixture.addNetns());
    await fixture.addPair({ ...attachment, hostIfname: 'veth-renamed' }, 'somebody');
    assert.equal(await isThere(fixture, attachment), true);
    for (const address of attachment.addresses) {
      assert.equal(await isThere(fixture, { ...attachment, addresses: [address] }), true);
      await fixture.removeRoute('veth-renamed', address);
      assert.equal(await isThere(fixture, { ...attachment, addresses: [address] }), false);
    }
    assert.equal(await isThere(fixture, { ...attachment, addresses: OTHER_ADDRESSES }), false);
  });

  networkTest(
    setup,
    "addresses that no record lets a marked link have are told, and nobody else's",
    async (fixture) => {
      const attachment = attachmentOf(await fixture.addNetns());
      await fixture.network.attach(attachment, soon());
      for (const [i, owner] of [undefined, 'somebody'].entries()) {
        const foreign = attachmentOf(await fixture.addNetns(), { hostIfname: `veth-other${i}` });
        await fixture.addPair({ ...foreign, addresses: [IpAddress.parse(`10.1.0.${i + 3}`)] }, owner);
      }
      const unclaimed = async (...claims: readonly Omit<AddressClaim, 'address'>[]) => {
        const view = await fixture.links.look(soon());
        const all = claims.flatMap((claim) => attachment.addresses.map((address) => ({ ...claim, address })));
        return view.unclaimed(all).map(({ name, owner, addresses }) => `${name} ${owner} ${addresses}`);
      };
      const all = ['veth0123456789a c1/eth0 10.1.0.1,fd00:1::1'];
      assert.deepEqual(await unclaimed(), all);
      assert.deepEqual(await unclaimed({ containerId: 'c1', ifname: 'eth0' }), []);
      assert.deepEqual(await unclaimed({ containerId: 'c1', ifname: 'net1' }), all, 'another interface has them');
      assert.deepEqual(
        await unclaimed({ containerId: 'c', ifname: 'eth0' }, { containerId: 'c' }),
        all,
        'another container',
      );
      assert.deepEqual(await unclaimed({ containerId: 'c1' }), [], 'no interface was recorded');
      assert.deepEqual(await unclaimed({ containerId: '' }), [], 'the record cannot be read');
      await fixture.removeRoute(attachment.hostIfname, attachment.addresses[0]!);
      assert.deepEqual(await unclaimed(), ['veth0123456789a c1/eth0 fd00:1::1']);
    },
  );
}
