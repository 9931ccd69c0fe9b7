import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AddressPool } from './address-pool.ts';
import { BlockAssignment } from './block-assignment.ts';
import { CoilError } from './error.ts';
import { IpPrefix } from './ip-prefix.ts';

const subnet = IpPrefix.parse('10.0.0.0/28');
const empty = () => BlockAssignment.empty(new AddressPool([subnet], 2), subnet);

test('a new subnet has all its blocks free, in ascending order', () => {
  assert.deepEqual(empty().toJSON(), {
    free: ['10.0.0.0/30', '10.0.0.4/30', '10.0.0.8/30', '10.0.0.12/30'],
    nodes: {},
  });
});

test('the first free block is assigned; a released one goes to the end', () => {
  const taken = empty().acquire('node1')!;
  assert.equal(taken.block.toString(), '10.0.0.0/30');
  assert.equal(taken.assignment.ownerOf(taken.block), 'node1');
  const released = taken.assignment.release('node1', [taken.block]);
  assert.deepEqual(released.toJSON(), {
    free: ['10.0.0.4/30', '10.0.0.8/30', '10.0.0.12/30', '10.0.0.0/30'],
    nodes: {},
  });
});

test('a block of another node, or a free one, cannot be released', () => {
  const { assignment, block } = empty().acquire('node1')!;
  assert.throws(
    () => assignment.release('node2', [block]),
    (error) => CoilError.is(error, 'block-not-found'),
  );
  assert.throws(
    () => empty().release('node1', [block]),
    (error) => CoilError.is(error, 'block-not-found'),
  );
});

test('a full subnet has nothing to give, and writes its free list as null, as v1 does', () => {
  let assignment = empty();
  for (const node of ['b', 'a', 'b', 'c']) assignment = assignment.acquire(node)!.assignment;
  assert.equal(assignment.acquire('d'), undefined);
  assert.equal(
    JSON.stringify(assignment),
    '{"free":null,"nodes":{"a":["10.0.0.4/30"],"b":["10.0.0.0/30","10.0.0.8/30"],"c":["10.0.0.12/30"]}}',
  );
});

test('lists may be null or absent, and unknown members are left out', () => {
  assert.deepEqual(BlockAssignment.fromJSON({ free: null, nodes: { a: null } }).toJSON(), { free: null, nodes: {} });
  assert.deepEqual(BlockAssignment.fromJSON({ extra: 1 }).toJSON(), { free: null, nodes: {} });
});

test('JSON that is no assignment says where', () => {
  const bad: [unknown, RegExp][] = [
    ['x', /JSON object/],
    [{ free: 'x' }, /free is not a list/],
    [{ free: [], nodes: [] }, /nodes is not an object/],
    [{ free: ['10.0.0.0/30', 7] }, /free\[1\] is not a network: 7/],
    [{ nodes: { n: ['10.0.0.0'] } }, /nodes\["n"\]\[0\] is not a network/],
  ];
  for (const [json, message] of bad) {
    assert.throws(
      () => BlockAssignment.fromJSON(json),
      (error) => CoilError.is(error, 'corrupt-data') && message.test(error.message),
    );
  }
});

test('property: every block stands in exactly one place, whatever is acquired and released', () => {
  const step = fc.record({ node: fc.constantFrom('a', 'b', '__proto__'), release: fc.boolean(), pick: fc.nat() });
  const all = empty().toJSON().free;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let assignment = empty();
      for (const { node, release, pick } of steps) {
        const owned = assignment.blocksOf(node);
        if (release && owned.length > 0) assignment = assignment.release(node, [owned[pick % owned.length]!]);
        else assignment = assignment.acquire(node)?.assignment ?? assignment;
      }
      const back = BlockAssignment.fromJSON(JSON.parse(JSON.stringify(assignment)));
      const places = [...back.freeList, ...[...back.nodes.values()].flat()].map(String);
      assert.equal(back.total, all?.length);
      assert.deepEqual(places.sort(), [...all!].sort());
    }),
  );
});
