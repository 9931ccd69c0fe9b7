import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AddressPool } from '../../model/address-pool.ts';
import { BlockAssignment } from '../../model/block-assignment.ts';
import { CoilError } from '../../model/error.ts';
import { IpPrefix } from '../../model/ip-prefix.ts';
import { BlockDocument } from './block-document.ts';

const subnet = IpPrefix.parse('10.0.0.0/28');
const read = (value: string) => BlockDocument.read({ key: '/coil/block/p/10.0.0.0', value, revision: 7 });

test('property: it writes what a block assignment writes, whatever is acquired and released', () => {
  const step = fc.record({ node: fc.constantFrom('b', 'a', '__proto__'), release: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let assignment = BlockAssignment.empty(new AddressPool([subnet], 1), subnet);
      let document = read(JSON.stringify(assignment));
      for (const { node, release } of steps) {
        const owned = assignment.blocksOf(node);
        assert.deepEqual(document.blocksOf(node).map(String), owned.map(String));
        if (release && owned.length > 0) {
          assignment = assignment.release(node, owned.slice(0, 2));
          document = document.release(node, owned.slice(0, 2));
        } else {
          const expected = assignment.acquire(node);
          const acquired = document.acquire(node);
          assert.equal(String(acquired?.block), String(expected?.block));
          assignment = expected?.assignment ?? assignment;
          document = acquired?.document ?? document;
        }
        assert.equal(String(document), JSON.stringify(assignment));
        document = read(String(document));
      }
    }),
  );
});

test('members that are not known stay, and lists may be null', () => {
  const document = read('{"x":{"y":1},"free":["10.0.0.0/30"],"nodes":null}').acquire('n')!.document;
  assert.equal(String(document), '{"x":{"y":1},"free":null,"nodes":{"n":["10.0.0.0/30"]}}');
});

test('what cannot be read is told with the key', () => {
  const bad: [() => unknown, RegExp][] = [
    [() => read('x'), /^\/coil\/block\/p\/10\.0\.0\.0: not JSON/],
    [() => read('[]'), /^\/coil\/block\/p\/10\.0\.0\.0: a block assignment is a JSON object/],
    [() => read('{"free":7}'), /^\/coil\/block\/p\/10\.0\.0\.0: free is not a list/],
    [() => read('{"free":["10.0.0.0/30",7]}'), /free\[1\]/],
    [() => read('{"nodes":[]}'), /nodes is not an object/],
    [() => read('{"free":["10.0.0.0"]}').acquire('n'), /^\/coil\/block\/p\/10\.0\.0\.0: "10\.0\.0\.0" is not a block/],
    [() => read('{"nodes":{"n":["x"]}}').blocksOf('n'), /"x" is not a block/],
    [() => read('{"nodes":{"n":["10.0.0.1/30"]}}').blocksOf('n'), /"10\.0\.0\.1\/30" is not a block/],
  ];
  for (const [call, message] of bad) {
    assert.throws(call, (error) => CoilError.is(error, 'corrupt-data') && message.test(error.message));
  }
});

test('a document of 16384 blocks is changed within milliseconds', () => {
  const large = IpPrefix.parse('10.0.0.0/16');
  const text = JSON.stringify(BlockAssignment.empty(new AddressPool([large], 2), large));
  const start = performance.now();
  for (let i = 0; i < 10; i++) assert.ok(String(read(text).acquire('n')!.document).length > 200_000);
  // about 3 ms each; reading every block into numbers takes ten times that
  assert.ok(performance.now() - start < 1000, `${performance.now() - start} ms for ten`);
});
