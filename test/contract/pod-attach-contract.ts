import assert from 'node:assert/strict';
import { CoilError } from '../../src/model/error.ts';
import { IpAddress } from '../../src/model/ip-address.ts';
import { ownerAlias } from '../../src/podnet/owner-alias.ts';
import { attachmentOf, fails, networkTest, type PodNetworkSetup, soon } from './pod-network-fixture.ts';

/** Attaching and checking. */
export function podAttachContract(setup: PodNetworkSetup): void {
  networkTest(setup, 'attach makes a pair with routes on the node, and check agrees', async (fixture) => {
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

  networkTest(setup, 'attach, repeated, changes nothing and gives the same answer', async (fixture) => {
    const attachment = attachmentOf(await fixture.addNetns());
    const links = await fixture.network.attach(attachment, soon());
    const before = await fixture.print();
    assert.deepEqual(await fixture.network.attach(attachment, soon()), links);
    assert.equal(await fixture.print(), before);
  });

  networkTest(setup, 'a route that was lost fails the check, and attach brings it back', async (fixture) => {
    const attachment = attachmentOf(await fixture.addNetns());
    const links = await fixture.network.attach(attachment, soon());
    for (const address of attachment.addresses) {
      await fixture.removeRoute(attachment.hostIfname, address);
      await fails(fixture.network.check(attachment, soon()), 'check-failed', new RegExp(`route ${address} is missing`));
      assert.deepEqual(await fixture.network.attach(attachment, soon()), links);
      await fixture.network.check(attachment, soon());
    }
  });

  networkTest(setup, 'where there is no namespace, attach and check say so, and nothing changes', async (fixture) => {
    const before = await fixture.print();
    const attachment = attachmentOf('/run/netns/ct-not-there');
    await fails(fixture.network.attach(attachment, soon()), 'netns-not-found', /ct-not-there/);
    await fails(fixture.network.check(attachment, soon()), 'netns-not-found', /ct-not-there/);
    assert.equal(await fixture.print(), before);
  });

  networkTest(setup, 'addresses may come later; where they do not, nothing is left', async (fixture) => {
    const { addresses, ...rest } = attachmentOf(await fixture.addNetns());
    const before = await fixture.print();
    const reason = new CoilError('out-of-addresses', 'none left');
    const none = () => Promise.reject<readonly IpAddress[]>(reason);
    await fails(fixture.network.attach({ ...rest, addresses: none }, soon()), 'out-of-addresses', /none left/);
    await fixture.network.settled();
    assert.equal(await fixture.print(), before);
    const later = async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return addresses;
    };
    await fixture.network.attach({ ...rest, addresses: later }, soon());
    await fixture.network.check({ ...rest, addresses }, soon());
  });

  networkTest(setup, 'where there is no namespace, no address is asked for', async (fixture) => {
    let asked = 0;
    const addresses = async () => {
      asked++;
      return [];
    };
    const request = { ...attachmentOf('/run/netns/ct-not-there'), addresses };
    await fails(fixture.network.attach(request, soon()), 'netns-not-found', /ct-not-there/);
    assert.equal(asked, 0);
  });

  networkTest(
    setup,
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
    networkTest(setup, `a left-over link of that name, owner ${owner ?? 'unknown'}, is replaced`, async (fixture) => {
      const attachment = attachmentOf(await fixture.addNetns());
      await fixture.addHostLink(attachment.hostIfname, owner);
      await fixture.network.attach(attachment, soon());
      await fixture.network.check(attachment, soon());
      await fixture.network.settled();
      await fixture.network.check(attachment, soon());
    });
  }

  for (const owner of [undefined, 'c0/eth0']) {
    networkTest(setup, `a link of that name, owner ${owner ?? 'unknown'}, stays where it has to`, async (fixture) => {
      const attachment = attachmentOf(await fixture.addNetns());
      await fixture.addHostLink(attachment.hostIfname, owner);
      const before = await fixture.print();
      const requireLeftOver = () => {
        throw new CoilError('link-exists', 'it is the link of another Pod');
      };
      await fails(fixture.network.attach({ ...attachment, requireLeftOver }, soon()), 'link-exists', /another Pod/);
      await fixture.network.settled();
      assert.equal(await fixture.print(), before);
    });
  }

  networkTest(setup, 'a pair that leads into the Pod, and has no owner, is adopted', async (fixture) => {
    const attachment = attachmentOf(await fixture.addNetns());
    await fixture.addPair(attachment, undefined);
    await fixture.network.attach(attachment, soon());
    await fixture.network.check(attachment, soon());
  });

  networkTest(setup, 'a pair that v1 made is in order, and one that has another owner is not', async (fixture) => {
    const attachment = attachmentOf(await fixture.addNetns(), { addresses: [IpAddress.parse('10.1.0.1')] });
    await fixture.addPair(attachment, undefined);
    const before = await fixture.print();
    await fixture.network.check(attachment, soon());
    assert.equal(await fixture.print(), before);
    await fixture.network.attach(attachment, soon());
    const other = { ...attachment, containerId: 'c2' };
    await fails(fixture.network.check(other, soon()), 'check-failed', /veth0123456789a/);
  });

  networkTest(
    setup,
    'an address to which the link of another Pod has a route is that of a live one',
    async (fixture) => {
      const first = attachmentOf(await fixture.addNetns());
      await fixture.network.attach(first, soon());
      const second = attachmentOf(await fixture.addNetns(), { containerId: 'c2', hostIfname: 'veth-other' });
      const before = await fixture.print();
      await fails(
        fixture.network.attach(second, soon()),
        'address-live',
        /10\.1\.0\.1 is in use: link veth0123456789a/,
      );
      await fixture.network.settled();
      assert.equal(await fixture.print(), before);
      await fixture.network.check(first, soon());
      // nor does a repetition, of an attach that was killed
      await fixture.addPair({ ...second, addresses: [] }, ownerAlias('c2', 'eth0'));
      await fails(
        fixture.network.attach(second, soon()),
        'address-live',
        /10\.1\.0\.1 is in use: link veth0123456789a/,
      );
      await fixture.network.check(first, soon());
    },
  );

  networkTest(setup, "a route to the address that leads to nobody's link is taken over", async (fixture) => {
    const first = attachmentOf(await fixture.addNetns());
    await fixture.addPair(first, undefined);
    const second = attachmentOf(await fixture.addNetns(), { containerId: 'c2', hostIfname: 'veth-other' });
    await fixture.network.attach(second, soon());
    assert.deepEqual(await fixture.routes(), ['10.1.0.1 veth-other', 'fd00:1::1 veth-other']);
    // the first Pod's detach must not take the second's routes
    await fixture.network.detach(first, soon());
    await fixture.network.settled();
    await fixture.network.check(second, soon());
  });
}
