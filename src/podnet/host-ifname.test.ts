import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { hostIfname } from './host-ifname.ts';
import { ownerAlias } from './owner-alias.ts';

test("the host-side link of eth0 has Calico's and v1's name", () => {
  // printf default.nginx | sha1sum
  assert.equal(hostIfname('default', 'nginx', 'eth0'), 'vethc440f455693');
});

test('other interfaces of a Pod have names of their own, which the kernel takes', () => {
  const names = ['eth0', 'eth1', 'net1'].map((ifname) => hostIfname('default', 'nginx', ifname));
  assert.equal(new Set(names).size, 3);
  for (const name of names) assert.equal(name.length, 15);
  assert.notEqual(hostIfname('default', 'nginx', 'net1'), hostIfname('default', 'nginx.net1', 'eth0'));
});

test('an alias names container and interface, and stays within 255 bytes', () => {
  assert.equal(ownerAlias('c1', 'eth0'), 'c1/eth0');
  const longest = 'c'.repeat(250);
  assert.equal(ownerAlias(longest, 'eth0'), `${longest}/eth0`);
  const hash = createHash('sha256').update(`${longest}c/eth0`).digest('hex');
  assert.equal(ownerAlias(`${longest}c`, 'eth0'), `sha256:${hash}`);
});
