import assert from 'node:assert/strict';
import { IpAddress } from '../../src/model/ip-address.ts';
import type { ConformanceCase } from './conformance-case.ts';
import { eventually } from './eventually.ts';
import { addressesOf, type Sandbox } from './sandbox.ts';

/** Somebody breaks what an ADD made; what CHECK says then. */
interface Breakage {
  readonly what: string;
  readonly by: (sandbox: Sandbox, address: string) => Promise<unknown>;
  readonly says: (sandbox: Sandbox, address: string) => string;
}

const BREAKAGES: readonly Breakage[] = [
  {
    what: 'the route on the node was deleted',
    by: ({ node, hostLink }, address) => node.netns.ip(`route delete ${address} dev ${hostLink}`),
    says: ({ hostLink }, address) => `${hostLink} on the node: route ${address} is missing`,
  },
  {
    what: 'the address in the Pod was removed',
    by: ({ netns }, address) => netns.ip(`address delete ${address}/32 dev eth0`),
    says: ({ netns }, address) => `eth0 in ${netns.path}: address ${address} is missing`,
  },
  {
    what: 'the link was deleted',
    by: ({ node, hostLink }) => node.netns.ip(`link delete ${hostLink}`),
    says: ({ hostLink }) => `${hostLink}: the link is missing on the node`,
  },
  {
    what: 'the address was freed in the datastore',
    by: ({ node }, address) => free(node.datastore.store, address),
    says: ({ containerId }) => `no address is assigned to interface eth0 of container ${containerId}`,
  },
  {
    what: 'the link on the node is down',
    by: ({ node, hostLink }) => node.netns.ip(`link set ${hostLink} down`),
    says: ({ hostLink }) => `${hostLink} on the node: the link is down`,
  },
];

async function free(store: Sandbox['node']['datastore']['store'], address: string): Promise<void> {
  const signal = AbortSignal.timeout(10_000);
  const record = await store.findAddress(IpAddress.parse(address), signal);
  assert.equal((await store.free([record], signal)).outcome, 'freed');
}

/** CHECK and STATUS. */
export const CHECK_CASES: readonly ConformanceCase[] = [
  ...['0.4.0', '1.0.0', '1.1.0'].map(
    (cniVersion): ConformanceCase => ({
      name: `CHECK in ${cniVersion} succeeds after ADD, and changes nothing`,
      async run(scene) {
        const sandbox = await scene.sandbox();
        const prevResult = await sandbox.add({ netconf: { cniVersion } });
        const printed = await scene.unchangedBy(() =>
          sandbox.succeed('CHECK', { netconf: { cniVersion, prevResult } }),
        );
        assert.equal(printed, undefined);
      },
    }),
  ),
  ...BREAKAGES.map(
    ({ what, by, says }): ConformanceCase => ({
      name: `CHECK fails where ${what}, and says so`,
      async run(scene) {
        const sandbox = await scene.sandbox();
        const prevResult = await sandbox.add();
        const [address = ''] = addressesOf(prevResult);
        await by(sandbox, address);
        // what happens in the datastore is heard of a moment later; what happens on the node is put right a moment later,
        // so that it has to be broken again until CHECK comes between
        const failed = await eventually('CHECK fails', async () => {
          await by(sandbox, address).catch(() => undefined);
          const outcome = await sandbox.call('CHECK', { netconf: { prevResult } });
          return outcome.exitStatus !== 0 && outcome.stdout;
        });
        const { code, msg } = JSON.parse(failed);
        assert.deepEqual({ code, msg }, { code: 100, msg: says(sandbox, address) });
      },
    }),
  ),
  {
    name: 'CHECK fails for a container that has no ADD',
    async run(scene) {
      const sandbox = await scene.sandbox();
      const failed = await scene.unchangedBy(() => sandbox.fail('CHECK', { netconf: { prevResult: {} } }));
      assert.equal(failed.code, 100);
    },
  },
  {
    name: 'STATUS succeeds',
    async run(scene) {
      const sandbox = await scene.sandbox();
      assert.equal(await sandbox.succeed('STATUS', { env: ONLY_COMMAND }), undefined);
    },
  },
  {
    name: 'STATUS fails with code 50 while the datastore cannot be read, unless there is a journal',
    async run(scene) {
      const sandbox = await scene.sandbox();
      const status = () => sandbox.call('STATUS', { env: ONLY_COMMAND });
      const { datastore, coild } = scene.node;
      datastore.interrupt();
      try {
        if (datastore.isOutlived) {
          await coild.logged('the datastore cannot be reached; going on with what the journal has');
          assert.equal((await status()).exitStatus, 0);
          return;
        }
        const { stdout } = await eventually('STATUS fails', async () => {
          const outcome = await status();
          return outcome.exitStatus !== 0 && outcome;
        });
        assert.equal(JSON.parse(stdout).code, 50);
        assert.match(JSON.parse(stdout).msg, /datastore/);
      } finally {
        datastore.restore();
      }
      await eventually('STATUS succeeds again', async () => (await status()).exitStatus === 0);
    },
  },
];

/** STATUS comes without the variables of a container (CNI SPEC.md 1.1.0, section 2 "STATUS"). */
const ONLY_COMMAND = {
  CNI_CONTAINERID: undefined,
  CNI_NETNS: undefined,
  CNI_IFNAME: undefined,
  CNI_ARGS: undefined,
};
