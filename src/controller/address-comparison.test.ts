import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pod } from '../../test/controller/pod.ts';
import { AddressPool } from '../model/address-pool.ts';
import { IpPrefix } from '../model/ip-prefix.ts';
import { AddressComparison, type AssignedAddress } from './address-comparison.ts';
import type { PodAddresses } from './pod-source.ts';

const POOL = new AddressPool([IpPrefix.parse('10.0.0.0/24'), IpPrefix.parse('fd00::/120')], 4);

function assigned(block: string, offset: number, name = 'pod'): AssignedAddress {
  const prefix = IpPrefix.parse(block);
  const assignment = { containerId: 'c', namespace: 'namespace', pod: name, createdAt: '2026-01-01T00:00:00Z' };
  return { address: prefix.nth(offset), node: 'node1', record: { block: prefix, offset, assignment, revision: 1 } };
}

/** `unused` and `unrecorded` addresses, as texts. */
function compare(addresses: readonly AssignedAddress[], pods: readonly PodAddresses[]) {
  const comparison = new AddressComparison(addresses, [POOL]);
  for (const one of pods) comparison.add(one);
  return {
    unused: comparison.unused.map(({ address }) => String(address)),
    unrecorded: comparison.unrecorded.map(({ address, pod: { name } }) => `${address} ${name}`),
  };
}

const ONE = assigned('10.0.0.0/28', 1);
const SIX = assigned('fd00::/124', 1);

const CASES: readonly {
  readonly what: string;
  readonly assigned?: readonly AssignedAddress[];
  readonly pods?: readonly PodAddresses[];
  readonly unused?: readonly string[];
  readonly unrecorded?: readonly string[];
}[] = [
  { what: 'a Pod with its address', assigned: [ONE], pods: [pod({ addresses: ['10.0.0.1'] })] },
  { what: 'a Pod of both families', assigned: [ONE, SIX], pods: [pod({ addresses: ['10.0.0.1', 'fd00::1'] })] },
  { what: 'an address written otherwise', assigned: [SIX], pods: [pod({ addresses: ['FD00:0::0001'] })] },
  { what: 'an address that no Pod has', assigned: [ONE], unused: ['10.0.0.1'] },
  { what: 'an address that is not assigned', pods: [pod({ addresses: ['10.0.0.9'] })], unrecorded: ['10.0.0.9 pod'] },
  { what: 'an address of another plugin', pods: [pod({ addresses: ['192.168.0.1'] })] },
  { what: 'no address yet', pods: [pod({ addresses: [] })] },
  { what: 'what is no address', pods: [pod({ addresses: ['none'] })] },
  { what: "a Pod with its node's address", pods: [pod({ addresses: ['10.0.0.9'], hostNetwork: true })] },
  { what: 'a finished Pod without its address', pods: [pod({ addresses: ['10.0.0.9'], finished: true })] },
  {
    what: 'a finished Pod whose address was never freed',
    assigned: [ONE],
    pods: [pod({ addresses: ['10.0.0.1'], finished: true })],
    unused: ['10.0.0.1'],
  },
  { what: 'a terminating Pod whose address is freed', pods: [pod({ addresses: ['10.0.0.9'], terminating: true })] },
  {
    what: 'a terminating Pod that has its address still',
    assigned: [ONE],
    pods: [pod({ addresses: ['10.0.0.1'], terminating: true })],
  },
  {
    what: "an address that is another Pod's",
    assigned: [ONE],
    pods: [pod({ name: 'other', addresses: ['10.0.0.1'] })],
    unrecorded: ['10.0.0.1 other'],
  },
  {
    what: 'an assignment that cannot be read',
    assigned: [assigned('10.0.0.0/28', 1, '')],
    pods: [pod({ addresses: ['10.0.0.1'] })],
  },
];

for (const { what, assigned: addresses = [], pods = [], unused = [], unrecorded = [] } of CASES) {
  test(what, () => assert.deepEqual(compare(addresses, pods), { unused, unrecorded }));
}
