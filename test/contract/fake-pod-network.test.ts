import type { Attachment } from '../../src/podnet/pod-network.ts';
import { FakePodNetwork } from './fake-pod-network.ts';
import { podNetworkContract } from './pod-network-contract.ts';
import type { PodNetworkFixture } from './pod-network-fixture.ts';

async function open(): Promise<PodNetworkFixture> {
  const network = new FakePodNetwork();
  let namespaces = 0;
  const links = (): string[][] =>
    String(network)
      .split('\n')
      .filter((line) => line.startsWith('veth'))
      .map((line) => line.split(' '));
  return {
    network,
    links: network,
    addNetns: async () => {
      const path = `/run/netns/fake-${namespaces++}`;
      network.addNetns(path);
      return path;
    },
    deleteNetns: async (path) => network.deleteNetns(path),
    addForeignLink: async (netns, ifname) => network.addForeignLink(netns, ifname),
    addPair: async (attachment: Attachment, owner) => network.addPair(attachment, owner),
    addHostLink: async (name, owner) => network.addHostLink(name, owner),
    removeRoute: async (hostIfname, address) => network.removeRoute(hostIfname, address),
    print: async () => String(network),
    hostLinks: async () => links().map(([name]) => name!),
    routes: async () => links().flatMap(([name, , , ...routes]) => routes.map((address) => `${address} ${name}`)),
    [Symbol.asyncDispose]: () => network.settled(),
  };
}

podNetworkContract({ open });
