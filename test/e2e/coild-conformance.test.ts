import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { asProcess } from '../contract/cni-client.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { type Built, built } from './built.ts';
import { ADD_CASES } from './conformance-add-cases.ts';
import { CHECK_CASES } from './conformance-check-cases.ts';
import { DEL_CASES } from './conformance-del-cases.ts';
import { DATASTORES } from './datastores.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { Scene } from './scene.ts';

const CLIENTS = {
  coil: (dist: Built) => asProcess(dist.coil),
  'hypercoil coil': (dist: Built) => asProcess(dist.hypercoil, 'coil'),
};

/** What comes behind coild is the same for both clients, so the second one need not meet every datastore. */
const CALLED_BY: Readonly<Record<keyof typeof DATASTORES, readonly (keyof typeof CLIENTS)[]>> = {
  sqlite: ['coil', 'hypercoil coil'],
  etcd: ['coil'],
};

/** All that coild has to log of this; what differs from call to call stands in fields. */
const MESSAGES = new Set([
  'coild is listening',
  'read the state of this node',
  'acquired a block',
  'exported blocks',
  'attached a Pod',
  'detached a Pod',
  'a CNI call failed',
  "comparing all of the node's network with the records",
  'put back a route that somebody removed',
  'set the link of a Pod up that somebody set down',
  'the link of a Pod was deleted; it has no network until its sandbox is made anew',
  'lost the watch of the datastore; beginning anew',
  'cannot read the state of this node from the datastore; trying again',
  'the datastore cannot be reached; going on with what the journal has',
  'the datastore still cannot be reached, for another reason',
  'told the datastore what was changed without it',
  'the datastore is reached again, and knows what was changed without it',
]);

// one beside the other; what is in each goes one after the other
describe('a container runtime calls coild', { concurrency: 2 }, () => {
  for (const name of ['sqlite', 'etcd'] as const) {
    describe(`coild over ${name}`, { skip: needsRoot, concurrency: 1 }, () => {
      let node: NodeUnderTest;
      before(async () => {
        node = await NodeUnderTest.start(DATASTORES[name], '--http=', '--address-rest=0s');
        // with its first block acquired, a failed or undone ADD leaves nothing at all
        await using scene = new Scene(node, CLIENTS.coil(node.dist));
        await (await scene.sandbox()).add();
      });

      after(() => node[Symbol.asyncDispose]());

      for (const client of CALLED_BY[name]) {
        describe(`called by ${client}`, () => {
          for (const { name: caseName, run } of [...ADD_CASES, ...CHECK_CASES, ...DEL_CASES]) {
            test(caseName, async () => {
              await using scene = new Scene(node, CLIENTS[client](await built()));
              await run(scene);
            });
          }
        });
      }

      test('the log of all this has constant messages, and no stack traces', () => {
        const { log, output } = node.coild;
        assert.deepEqual(
          log.filter(({ message }) => !MESSAGES.has(message)),
          [],
        );
        assert.doesNotMatch(output, /\\n\s+at |\n\s+at /);
      });
    });
  }
});
