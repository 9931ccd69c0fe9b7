import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { DATASTORES, dumpStore } from './datastores.ts';
import { NodeUnderTest } from './node-under-test.ts';

/** Arguments, and what standard error has to say of them. */
type Case = readonly [args: readonly string[], says: RegExp];

/** Found before a datastore is asked. */
const BAD_ARGUMENTS: readonly Case[] = [
  ...['10.99.0.0', '10.99.0.0/33', '10.99.0/16', 'fd00::/129', 'x', ''].map(
    (subnet) => [['pool', 'create', 'x', subnet, '0'], /invalid CIDR address/] as const,
  ),
  ...['x', '1.5', '0x5', ' 5', ''].map(
    (size) => [['pool', 'create', 'x', '10.99.0.0/16', size], /invalid size/] as const,
  ),
  ...['17', '33', '128', '999'].map((size) => [['pool', 'create', 'x', '10.99.0.0/16', size], /size/] as const),
  [['pool', 'create', 'x', '10.64.0.0/10', '5'], /16384|2\^14|size|blocks/],
  [['pool', 'create', 'x', 'fd00::/48', '5'], /16384|2\^14|size|blocks/],
  ...['X', 'a_b', 'a.b', 'a b', '../a', '', 'é'].map(
    (name) => [['pool', 'create', name, '10.99.0.0/16', '5'], /bad pool name/] as const,
  ),
  [['pool', 'delete', 'A'], /bad pool name/],
  [['pool', 'remove-subnet', 'default', 'x', '--yes'], /invalid CIDR address/],
  [['node', 'blocks', 'a/b'], /bad node name: a\/b/],
  [['address', 'info', '10.11.0.300'], /invalid IP address: 10\.11\.0\.300/],
  [['address', 'info', '10.11.0.1/32'], /invalid IP address/],
];

/** What only the datastore can tell. */
const REFUSED: readonly Case[] = [
  [['pool', 'create', 'default', '10.99.0.0/16', '5'], /pool already exists: .*default/],
  [['pool', 'create', 'x', '10.11.0.0/16', '5'], /subnet in use: .*10\.11\.0\.0\/16/],
  [['pool', 'create', 'x', '10.11.4.0/24', '5'], /subnet in use: .*10\.11\.4\.0\/24/],
  [['pool', 'create', 'x', '10.0.0.0/8', '10'], /subnet in use: .*10\.0\.0\.0\/8/],
  [['pool', 'create', 'x', '10.11.4.7/24', '5'], /subnet in use/],
  [['pool', 'add-subnet', 'default', '10.11.128.0/17'], /subnet in use/],
  [['pool', 'add-subnet', 'absent', '10.99.0.0/16'], /not found: .*absent/],
  [['pool', 'add-subnet', 'default', '10.99.0.0/30'], /10\.99\.0\.0\/30/],
  [['pool', 'delete', 'absent', '--yes'], /not found: .*absent/],
  [['pool', 'remove-subnet', 'absent', '10.11.0.0/16', '--yes'], /not found: .*absent/],
  [['pool', 'remove-subnet', 'default', '10.99.0.0/16', '--yes'], /not found: .*10\.99\.0\.0\/16/],
  [['pool', 'show', 'absent', '10.11.0.0/16'], /not found/],
  [['pool', 'show', 'default', '10.99.0.0/16'], /not found/],
  [['address', 'info', '10.11.0.9'], /not found/],
];

// one beside the other; what is in each goes one after the other
describe('bad input to coilctl', { concurrency: 2 }, () => {
  for (const [name, openDatastore] of Object.entries(DATASTORES)) {
    describe(`bad input to coilctl over ${name}`, { skip: needsRoot, concurrency: 1 }, () => {
      let node: NodeUnderTest;
      let dump: readonly string[];
      before(async () => {
        node = await NodeUnderTest.create(openDatastore);
        dump = await dumpStore(node.datastore.store);
      });
      after(() => node[Symbol.asyncDispose]());

      for (const [args, says] of [...(name === 'sqlite' ? BAD_ARGUMENTS : []), ...REFUSED]) {
        test(`${args.join(' ')} is refused, and changes nothing`, async () => {
          const { status, stdout, stderr } = await node.coilctl(...args);
          assert.equal(status, 1, stderr);
          assert.equal(stdout, '');
          assert.match(stderr, says);
          assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
          assert.deepEqual(await dumpStore(node.datastore.store), dump);
        });
      }
    });
  }
});
