import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IpAddress } from '../model/ip-address.ts';
import { findMissing } from './prev-result.ts';
import { formatAddResult } from './result.ts';

const attached = {
  netns: '/run/netns/pod',
  links: {
    host: { name: 'veth0123456789a', mac: '02:00:00:00:00:01', mtu: 1500 },
    container: { name: 'eth0', mac: '02:00:00:00:00:02', mtu: 1400 },
  },
  addresses: ['10.0.0.1', '2001:db8::1'].map(IpAddress.parse),
};

test('0.3.x and 0.4.0 say the version of an address', () => {
  for (const version of ['0.3.0', '0.3.1', '0.4.0'] as const) {
    assert.deepEqual(formatAddResult(version, attached), {
      cniVersion: version,
      interfaces: [
        { name: 'veth0123456789a', mac: '02:00:00:00:00:01' },
        { name: 'eth0', mac: '02:00:00:00:00:02', sandbox: '/run/netns/pod' },
      ],
      ips: [
        { version: '4', interface: 1, address: '10.0.0.1/32', gateway: '169.254.1.1' },
        { version: '6', interface: 1, address: '2001:db8::1/128', gateway: 'fe80::1' },
      ],
      routes: [
        { dst: '0.0.0.0/0', gw: '169.254.1.1' },
        { dst: '::/0', gw: 'fe80::1' },
      ],
      dns: {},
    });
  }
});

test('1.0.0 does not, and 1.1.0 says the MTU of an interface', () => {
  const v100 = formatAddResult('1.0.0', attached) as { ips: object[]; interfaces: object[] };
  assert.deepEqual(v100.ips[0], { interface: 1, address: '10.0.0.1/32', gateway: '169.254.1.1' });
  assert.ok(!('mtu' in v100.interfaces[0]!));
  const v110 = formatAddResult('1.1.0', attached) as { interfaces: object[] };
  assert.deepEqual(v110.interfaces[1], {
    name: 'eth0',
    mac: '02:00:00:00:00:02',
    mtu: 1400,
    sandbox: '/run/netns/pod',
  });
});

test('CHECK finds its part of the result that the runtime kept, whatever others added', () => {
  const result = structuredClone(formatAddResult('1.0.0', attached)) as {
    interfaces: object[];
    ips: { interface: number }[];
  };
  const expected = { netns: attached.netns, ifname: 'eth0', addresses: attached.addresses };
  assert.equal(findMissing({ ...result }, expected), undefined);
  result.interfaces.push({ name: 'ifb0' });
  assert.equal(findMissing({ ...result }, expected), undefined);
  result.ips.pop();
  assert.match(findMissing({ ...result }, expected) ?? '', /prevResult\.ips has no 2001:db8::1/);
  assert.match(
    findMissing({ ...result, interfaces: [] }, expected) ?? '',
    /prevResult\.interfaces has no interface eth0 of \/run\/netns\/pod/,
  );
  assert.match(findMissing({ interfaces: 7, ips: [null] }, expected) ?? '', /no interface/);
});
