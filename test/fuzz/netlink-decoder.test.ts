import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeAddress } from '../../src/netlink/address-codec.ts';
import { addAddress, listAddresses } from '../../src/netlink/addresses.ts';
import { decodeLink } from '../../src/netlink/link-codec.ts';
import { addVethPair, getLink, listLinks, setLink } from '../../src/netlink/links.ts';
import { decodeAcknowledgement, decodeMessages, encodeMessage, MessageType } from '../../src/netlink/message.ts';
import { concat } from '../../src/netlink/native-bytes.ts';
import { NetlinkError } from '../../src/netlink/netlink-error.ts';
import { getNetnsId } from '../../src/netlink/netns-id.ts';
import { PendingRequest } from '../../src/netlink/pending-request.ts';
import type { Request } from '../../src/netlink/request.ts';
import { decodeRoute } from '../../src/netlink/route-codec.ts';
import { addRoute, lookupRoute } from '../../src/netlink/routes.ts';
import { decodeRule } from '../../src/netlink/rule-codec.ts';
import { addRule, listRules } from '../../src/netlink/rules.ts';
import { budget } from './budget.ts';
import { mutated } from './mutated.ts';

const bytes = (...numbers: number[]) => Uint8Array.from(numbers);
const REQUESTS: readonly Request<unknown>[] = [
  addVethPair({ name: 'veth0', up: true, mtu: 1500, peer: { name: 'eth0', netnsFd: 5 } }),
  setLink('eth0', { up: true, alias: 'x'.repeat(255), group: 7, addressGeneration: 1 }),
  addAddress({ link: 7, address: bytes(10, 0, 0, 1), prefixLength: 32 }),
  addRoute({ family: 2, destination: bytes(10, 0, 0, 0), prefixLength: 27, link: 1, table: 119, protocol: 30 }),
  addRoute({ family: 10, gateway: new Uint8Array(16).fill(254), link: 1, onlink: true, priority: 5 }),
  addRule({ family: 2, table: 119, priority: 100, source: bytes(10, 0, 0, 0), sourceLength: 8, inputLink: 'eth0' }),
];
/** By the type of the messages that they are for: RTM_NEWLINK and so on, linux/rtnetlink.h. */
const DECODERS = new Map<number, (body: Uint8Array) => object>([
  [16, decodeLink],
  [20, decodeAddress],
  [24, decodeRoute],
  [32, decodeRule],
]);
/** Those that the kernel's answers are matched with. */
const ASKING: readonly Request<unknown>[] = [
  getLink('eth0'),
  listLinks(),
  listAddresses(),
  lookupRoute(bytes(10, 0, 0, 1)),
  listRules(2),
  getNetnsId(3),
];

const sound = fc
  .array(fc.tuple(fc.constantFrom(...REQUESTS), fc.constantFrom(0, 1, 2, 3, 4, 16, 20, 24, 32)), { maxLength: 4 })
  .map((chosen) =>
    concat(
      chosen.map(([{ type, body }, other]) => encodeMessage({ type: other || type, flags: 0x302, sequence: 7, body })),
    ),
  );

test('whatever stands in a datagram is decoded, or is a NetlinkError EBADMSG', () => {
  let decoded = 0;
  const decode = (what: () => unknown) => {
    try {
      what();
      decoded++;
    } catch (error) {
      assert.ok(NetlinkError.is(error, 'EBADMSG'), String(error));
    }
  };
  fc.assert(
    fc.property(mutated(sound), (datagram) => {
      decode(() => decodeMessages(datagram));
      let messages: ReturnType<typeof decodeMessages> = [];
      try {
        messages = decodeMessages(datagram);
      } catch {
        return;
      }
      for (const message of messages) {
        for (const decoder of DECODERS.values()) decode(() => decoder(message.body));
        decode(() => decodeAcknowledgement(message));
        for (const request of ASKING) {
          const pending = new PendingRequest(request);
          // what a request is answered with must not reach its socket's loop
          pending.accept(message);
          if (message.type === MessageType.error || message.type === MessageType.done) assert.ok(pending.over);
          assert.ok(pending.error === undefined || NetlinkError.is(pending.error), String(pending.error));
        }
      }
    }),
    budget(1500),
  );
  assert.ok(decoded > 500, `only ${decoded} were sound`);
});

test('of what is cut off nothing is made up: it is refused, or says less', () => {
  let refused = 0;
  let decoded = 0;
  const decode = <T>(what: () => T): T | undefined => {
    try {
      const value = what();
      decoded++;
      return value;
    } catch (error) {
      assert.ok(NetlinkError.is(error, 'EBADMSG'), String(error));
      refused++;
      return undefined;
    }
  };
  for (const { type, body } of REQUESTS) {
    const datagram = encodeMessage({ type, flags: 0x302, sequence: 7, body });
    const whole = decodeMessages(datagram);
    for (let length = 0; length < datagram.length; length++) {
      const messages = decode(() => decodeMessages(datagram.subarray(0, length))) ?? [];
      assert.deepEqual(messages, whole.slice(0, messages.length), `a datagram of ${length} bytes`);
    }
    const decoder = DECODERS.get(type)!;
    const all = new Map(Object.entries(decoder(body)));
    for (let length = 0; length < body.length; length++) {
      const some = decode(() => decoder(body.subarray(0, length))) ?? {};
      for (const [member, value] of Object.entries(some))
        if (value !== undefined) assert.deepEqual(value, all.get(member), `${member}, of ${length} bytes`);
    }
  }
  assert.ok(refused > 0 && decoded > 0, `${refused} refused, ${decoded} decoded`);
});
