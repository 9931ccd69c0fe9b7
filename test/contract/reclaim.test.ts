import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { IpAddress } from '../../src/model/ip-address.ts';
import { hostIfname } from '../../src/podnet/host-ifname.ts';
import { GRACE_MS } from './reclaim-scene.ts';
import { A, reclaimTest, until } from './reclaim-test.ts';
import { soon } from './store-fixture.ts';

const LOOKS_LEAKED = 'an address looks leaked; it is watched for the grace';

describe('a leak', () => {
  reclaimTest('is freed after the grace, and not before; the decision is logged with its proofs', async ({ scene }) => {
    await scene.add(A);
    scene.lose(A);
    await scene.pass(GRACE_MS);
    assert.deepEqual(scene.recorded, ['10.0.0.0 a']);
    await scene.reclaim.look(soon());
    assert.deepEqual(scene.recorded, []);
    assert.deepEqual(scene.decisions, [`${LOOKS_LEAKED} a`, 'freed a leaked address a node runtime']);
    const { fields } = scene.logger.records.find(({ message }) => message === 'freed a leaked address')!;
    assert.deepEqual(fields, {
      ...{ addresses: ['10.0.0.0'], container: 'a', ifname: 'eth0', pod: 'default/web-0', podUid: 'uid-of-a' },
      proofs: ['node', 'runtime'],
    });
  });

  reclaimTest(
    'is freed by the word of the API server where there is no runtime to ask',
    async ({ scene }) => {
      await scene.add(A);
      scene.lose(A);
      await scene.passGrace();
      assert.equal(scene.decisions.at(-1), 'freed a leaked address a node api');
    },
    { sources: ['api'] },
  );

  reclaimTest(
    'stays where nobody but the node can be asked',
    async ({ scene }) => {
      await scene.add(A);
      scene.lose(A);
      await scene.passGrace();
      assert.deepEqual([scene.recorded, scene.decisions], [['10.0.0.0 a'], []]);
    },
    { sources: [] },
  );

  reclaimTest(
    'is only told of in a dry run',
    async ({ scene }) => {
      await scene.add(A);
      scene.lose(A);
      await scene.passGrace();
      assert.deepEqual(scene.recorded, ['10.0.0.0 a']);
      assert.equal(scene.decisions.at(-1), 'a leaked address would be freed a node runtime');
    },
    { dryRun: true },
  );
});

describe('what is no leak', () => {
  reclaimTest('a Pod that runs stays, whatever runtime and API server have forgotten', async ({ scene }) => {
    await scene.add(A);
    scene.sandboxes.clear();
    scene.pods.clear();
    await scene.passGrace();
    assert.deepEqual([scene.recorded, scene.decisions], [['10.0.0.0 a'], []]);
  });

  reclaimTest('a Pod whose link somebody deleted stays while its sandbox runs', async ({ scene }) => {
    await scene.add(A);
    scene.network.deleteNetns('/run/netns/a');
    scene.pods.clear();
    await scene.passGrace();
    assert.deepEqual(scene.recorded, ['10.0.0.0 a']);
    scene.sandboxes.set('a', false);
    await scene.passGrace();
    assert.deepEqual(scene.recorded, [], 'its sandbox does not run, and the Pod is gone');
  });

  reclaimTest('an attachment that v1 made over the REST API stays while its namespace is there', async ({ scene }) => {
    const { ipam } = scene.node;
    const { addresses } = await ipam.allocate({ containerId: 'v1', namespace: 'default', pod: 'old' }, soon());
    const ifname = 'eth0';
    const netns = '/run/netns/v1';
    scene.network.addNetns(netns);
    const host = hostIfname('default', 'old', ifname);
    scene.network.addPair({ containerId: 'v1', netns, ifname, hostIfname: host, addresses }, undefined);
    await scene.passGrace();
    scene.network.removeRoute(host, addresses[0]!);
    await scene.passGrace();
    assert.deepEqual([scene.recorded, scene.decisions], [['10.0.0.0 v1'], []]);
    scene.network.deleteNetns(netns);
    await scene.passGrace();
    assert.deepEqual(scene.recorded, []);
  });

  reclaimTest('a record from before 1.0.2, which names no container, is not judged', async ({ store, scene }) => {
    await scene.add(A);
    const { block } = scene.node.state.records[0]!;
    const assignment = { containerId: '', namespace: 'default', pod: 'ancient', createdAt: '1970-01-01T00:00:00Z' };
    await store.allocate({ node: 'node1', slots: [{ block, offset: 3 }], assignment }, soon());
    await until(() => scene.recorded.length === 2);
    await scene.passGrace();
    assert.equal(scene.recorded.length, 2);
  });
});

describe('sources', () => {
  for (const source of ['node', 'runtime'] as const) {
    reclaimTest(
      `${source} down proves nothing, and begins the grace anew`,
      async ({ scene }) => {
        await scene.add(A);
        scene.lose(A);
        await scene.pass(GRACE_MS);
        scene.down.add(source);
        await scene.passGrace();
        assert.deepEqual(scene.recorded, ['10.0.0.0 a']);
        scene.down.clear();
        await scene.pass(GRACE_MS);
        assert.deepEqual(scene.recorded, ['10.0.0.0 a']);
        await scene.reclaim.look(soon());
        assert.deepEqual(scene.recorded, []);
        const told = scene.logger.records.filter(({ fields }) => fields.source === source).map(({ level }) => level);
        assert.deepEqual(told, ['warn', 'info']);
      },
      { sources: ['runtime'] },
    );
  }

  reclaimTest(
    'an API server that is down is asked once a look, and proves nothing',
    async ({ scene }) => {
      const pods = ['web-0', 'web-1', 'web-2'].map((pod) => ({ container: `of-${pod}`, pod }));
      for (const pod of pods) await scene.add(pod);
      for (const pod of pods) scene.lose(pod);
      scene.down.add('api');
      await scene.reclaim.look(soon());
      assert.equal(scene.questions.filter((source) => source === 'api').length, 1);
      await scene.passGrace();
      assert.equal(scene.recorded.length, 3);
      scene.down.clear();
      await scene.passGrace();
      assert.deepEqual(scene.recorded, []);
    },
    { sources: ['api'] },
  );

  reclaimTest('proofs that take turns are none: each has to hold for the whole grace', async ({ scene }) => {
    await scene.add(A);
    scene.lose(A);
    for (let i = 0; i < 3; i++) {
      await scene.pass(GRACE_MS * 0.8);
      scene.down.add('runtime');
      await scene.pass(GRACE_MS * 0.8);
      scene.down.clear();
    }
    assert.deepEqual(scene.recorded, ['10.0.0.0 a']);
    await scene.passGrace();
    assert.deepEqual(scene.recorded, []);
  });

  reclaimTest(
    'a proof that fails once begins the grace anew',
    async ({ scene }) => {
      await scene.add(A);
      scene.lose(A);
      for (let i = 0; i < 3; i++) {
        await scene.pass(GRACE_MS);
        scene.sandboxes.set('a', false);
        await scene.reclaim.look(soon());
        scene.sandboxes.delete('a');
      }
      assert.deepEqual(scene.recorded, ['10.0.0.0 a']);
      assert.equal(scene.decisions.filter((text) => /does not look leaked any more/.test(text)).length, 3);
    },
    { sources: ['runtime'] },
  );

  reclaimTest(
    "a runtime that knows none of this node's containers is the wrong one",
    async ({ scene }) => {
      await scene.add(A);
      await scene.add({ container: 'b', pod: 'web-1' });
      scene.lose(A);
      scene.sandboxes.clear();
      scene.sandboxes.set('of-another-runtime', true);
      await scene.passGrace();
      assert.equal(scene.recorded.length, 2);
      scene.sandboxes.set('b', true);
      await scene.passGrace();
      assert.deepEqual(scene.recorded, ['10.0.0.1 b']);
    },
    { sources: ['runtime'] },
  );

  reclaimTest('a datastore whose watch is lost begins the grace anew', async ({ scene }) => {
    await scene.add(A);
    scene.lose(A);
    // at the end of it the last look would ask for the same again
    await scene.pass((GRACE_MS / 5) * 4);
    scene.node.sync.renew('a test');
    await scene.reclaim.look(soon());
    assert.deepEqual(scene.recorded, ['10.0.0.0 a']);
    await until(() => scene.node.sync.isFresh);
    await scene.pass(GRACE_MS);
    assert.deepEqual(scene.recorded, ['10.0.0.0 a']);
    await scene.reclaim.look(soon());
    assert.deepEqual(scene.recorded, []);
  });
});

describe('a last look', () => {
  reclaimTest(
    'comes after the calls for the Pod: an ADD that is repeated then keeps its address',
    async ({ scene }) => {
      await scene.add(A);
      scene.lose(A);
      await scene.pass(GRACE_MS);
      const turn = Promise.withResolvers<void>();
      const adding = scene.attacher.exclusively({ namespace: 'default', pod: 'web-0' }, soon(), () => turn.promise);
      const repeated = scene.add(A);
      const looked = scene.reclaim.look(soon());
      turn.resolve();
      await Promise.all([adding, looked]);
      assert.equal(await repeated, '10.0.0.0');
      assert.deepEqual(scene.recorded, ['10.0.0.0 a']);
      assert.match(scene.decisions.at(-1)!, /a proof does not hold any more/);
    },
  );

  reclaimTest('keeps calls for the Pod waiting until the change is made', async ({ scene }) => {
    await scene.add(A);
    scene.lose(A);
    await scene.pass(GRACE_MS);
    let repeated: Promise<string> | undefined;
    scene.beforeChange = async () => {
      repeated = scene.add(A);
      // it would be over long before, if nothing kept it
      await Promise.race([repeated, turns(100)]);
    };
    await scene.reclaim.look(soon());
    const address = await repeated;
    assert.deepEqual(scene.recorded, [`${address} a`]);
    assert.ok(String(scene.network).includes(` ${address}\n`), String(scene.network));
  });

  reclaimTest('a record that is changed after it is not freed: the revision is another', async ({ store, scene }) => {
    await scene.add(A);
    scene.lose(A);
    await scene.pass(GRACE_MS);
    const [record] = scene.node.state.records;
    scene.beforeChange = async () => {
      // as another program of the node could: freed, and given to another container
      await store.free([record!], soon());
      const assignment = { ...record!.assignment, containerId: 'a', podUid: 'new' };
      await store.allocate({ node: 'node1', slots: [record!], assignment }, soon());
    };
    await scene.reclaim.look(soon());
    assert.match(scene.decisions.at(-1)!, /it was changed meanwhile/);
    const { assignment } = await store.findAddress(IpAddress.parse('10.0.0.0'), soon());
    assert.equal(assignment.podUid, 'new');
  });

  reclaimTest('a datastore that fails the change is asked again', async ({ scene }) => {
    await scene.add(A);
    scene.lose(A);
    await scene.pass(GRACE_MS);
    scene.beforeChange = () => Promise.reject(new Error('lost'));
    await scene.reclaim.look(soon());
    assert.deepEqual(scene.recorded, ['10.0.0.0 a']);
    await scene.reclaim.look(soon());
    assert.deepEqual(scene.recorded, []);
  });
});

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
}
