import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AddressFamily } from './address-family.ts';
import { NetlinkError } from './netlink-error.ts';
import { decodeRoute, encodeRoute, type RouteMessage, RouteScope, RouteType } from './route-codec.ts';
import { addRoute } from './routes.ts';
import { decodeRule, encodeRule, type RuleMessage } from './rule-codec.ts';
import { addRule } from './rules.ts';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));

test('a route reads as what `ip route add 10.1.2.3/32 dev v0 scope link` sends', () => {
  const sent = hex('02 20 00 00 fe 03 fd 01 00 00 00 00  08 00 01 00 0a 01 02 03  08 00 04 00 02 00 00 00');
  const route = { family: AddressFamily.inet, destination: hex('0a010203'), link: 2, scope: RouteScope.link };
  assert.deepEqual(decodeRoute(addRoute(route).body), decodeRoute(sent));
});

test('a table above 255 reads as what `ip route add blackhole 10.2.0.0/27 table 1190 proto 30 metric 7` sends', () => {
  const sent = hex(`02 1b 00 00 00 1e 00 06 00 00 00 00
    08 00 01 00 0a 02 00 00  08 00 0f 00 a6 04 00 00  08 00 06 00 07 00 00 00`);
  const request = addRoute({
    family: AddressFamily.inet,
    destination: hex('0a020000'),
    prefixLength: 27,
    table: 1190,
    protocol: 30,
    type: RouteType.blackhole,
    priority: 7,
  });
  assert.deepEqual(decodeRoute(request.body), decodeRoute(sent));
  assert.equal(request.operation, 'ip route add 10.2.0.0/27 table 1190');
});

test('a rule reads as what `ip rule add from 10.0.0.0/8 lookup 119 priority 100` sends', () => {
  const sent = hex('02 00 08 00 77 00 00 01 00 00 00 00  08 00 02 00 0a 00 00 00  08 00 06 00 64 00 00 00');
  const source = hex('0a000000');
  const request = addRule({ family: AddressFamily.inet, source, sourceLength: 8, table: 119, priority: 100 });
  assert.deepEqual(decodeRule(request.body), decodeRule(sent));
});

const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const address = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
);
const byte = fc.nat(255);
const u32 = fc.nat(0xffffffff);
const name = fc.stringMatching(/^[a-z0-9]{1,15}$/);

const route: fc.Arbitrary<RouteMessage> = fc.record(
  {
    family: byte,
    destinationLength: byte,
    destination: optional(address),
    table: u32,
    protocol: byte,
    scope: byte,
    type: byte,
    flags: u32,
    gateway: optional(address),
    link: optional(u32),
    priority: optional(u32),
    preferredSource: optional(address),
  },
  { noNullPrototype: true },
);

const rule: fc.Arbitrary<RuleMessage> = fc.record(
  {
    family: byte,
    action: byte,
    table: u32,
    flags: u32,
    sourceLength: byte,
    source: optional(address),
    destinationLength: byte,
    destination: optional(address),
    priority: optional(u32),
    inputLink: optional(name),
    outputLink: optional(name),
    mark: optional(u32),
    markMask: optional(u32),
    protocol: optional(byte),
  },
  { noNullPrototype: true },
);

test('routes and rules are read as they were written', () => {
  fc.assert(fc.property(route, (message) => assert.deepEqual(decodeRoute(encodeRoute(message)), message)));
  fc.assert(fc.property(rule, (message) => assert.deepEqual(decodeRule(encodeRule(message)), message)));
});

test('any bytes are a route, a rule or a NetlinkError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (message) => {
      for (const decode of [decodeRoute, decodeRule]) {
        try {
          decode(message);
        } catch (error) {
          assert.ok(NetlinkError.is(error, 'EBADMSG'), String(error));
        }
      }
    }),
  );
});
