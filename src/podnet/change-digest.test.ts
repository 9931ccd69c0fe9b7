import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IpAddress } from '../model/ip-address.ts';
import type { Announcement } from '../netlink/announcement.ts';
import { LinkFlag } from '../netlink/link-codec.ts';
import type { RouteMessage } from '../netlink/route-codec.ts';
import { ChangeDigest } from './change-digest.ts';

const MAIN = 254;
const POD = { destination: IpAddress.parse('10.1.0.1').toBytes(), destinationLength: 32, table: MAIN };
const BLOCK = { destination: IpAddress.parse('10.2.0.0').toBytes(), destinationLength: 27, table: 119, protocol: 30 };

function route(message: Partial<RouteMessage>, what: 'gone' | 'replaced' | 'new'): Announcement {
  const base = { family: 2, destinationLength: 0, table: MAIN, protocol: 3, scope: 253, type: 1, flags: 0, link: 7 };
  return { kind: 'route', gone: what === 'gone', replaced: what === 'replaced', route: { ...base, ...message } };
}

const address = (text: string, gone: boolean, link = 7): Announcement => {
  const bytes = IpAddress.parse(text).toBytes();
  const message = { family: 2, prefixLength: 32, link, scope: 253, flags: 0, local: bytes };
  return { kind: 'address', gone, address: message };
};

const link = (name: string, flags: number, gone = false, index = 7): Announcement => ({
  kind: 'link',
  gone,
  link: { index, flags, change: 0, name, kind: 'veth' },
});

function digestOf(...announcements: readonly Announcement[]): Record<string, unknown> | undefined {
  const digest = new ChangeDigest({ tableId: 119, protocolId: 30 });
  digest.reset([{ index: 7, flags: LinkFlag.up, change: 0, name: 'veth-a' }]);
  const change = digest.digest(announcements);
  if (change === undefined) return undefined;
  const { destinations, links, deletedLinks, exportedRoutes } = change;
  const sets = Object.entries({ destinations, links, deletedLinks }).filter(([, set]) => set.size > 0);
  return {
    ...Object.fromEntries(sets.map(([name, set]) => [name, [...set]])),
    ...(exportedRoutes && { exportedRoutes }),
  };
}

test('routes that are gone or replaced are told: those of the table of exported ones, and those to single addresses', () => {
  for (const what of ['gone', 'replaced'] as const) {
    assert.deepEqual(digestOf(route(BLOCK, what)), { exportedRoutes: true });
    assert.deepEqual(digestOf(route({ ...BLOCK, protocol: 44 }, what)), { exportedRoutes: true });
    assert.deepEqual(digestOf(route(POD, what)), { destinations: ['10.1.0.1'] });
    assert.equal(digestOf(route({ ...POD, destinationLength: 31 }, what)), undefined);
    assert.equal(digestOf(route({ ...POD, table: 255 }, what)), undefined);
    assert.equal(digestOf(route({ table: MAIN }, what)), undefined);
  }
});

test('an ADD is nothing', () => {
  const added = [link('veth-b', LinkFlag.up, false, 8), address('169.254.1.1', false, 8), route(POD, 'new')];
  assert.equal(digestOf(...added, route(BLOCK, 'new')), undefined);
});

test("the gateway's address stands for its link, whose name was known or is announced before", () => {
  assert.deepEqual(digestOf(address('169.254.1.1', true)), { links: ['veth-a'] });
  assert.deepEqual(digestOf(address('fe80::1', true)), { links: ['veth-a'] });
  assert.equal(digestOf(address('10.9.9.9', true)), undefined);
  assert.equal(digestOf(address('169.254.1.1', true, 9)), undefined);
  assert.deepEqual(digestOf(link('veth-b', LinkFlag.up, false, 9), address('169.254.1.1', true, 9)), {
    links: ['veth-b'],
  });
});

test('links that are down, and links that are gone', () => {
  assert.deepEqual(digestOf(link('veth-a', 0)), { links: ['veth-a'] });
  assert.deepEqual(digestOf(link('veth-a', 0, true), address('169.254.1.1', true)), { deletedLinks: ['veth-a'] });
});

test('the loopback interface takes the exported routes with it, and may get them when it is up', () => {
  assert.deepEqual(digestOf(link('lo', LinkFlag.loopback, false, 1)), { exportedRoutes: true });
  assert.deepEqual(digestOf(link('lo', LinkFlag.loopback | LinkFlag.up, false, 1)), { exportedRoutes: true });
});
