import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { withNetns } from '../../src/netlink/netns.ts';
import { asProcess } from '../contract/cni-client.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { DATASTORES } from './datastores.ts';
import { eventually } from './eventually.ts';
import { makeRequests } from './http-errand.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { addressesOf, type CniResult, type Sandbox } from './sandbox.ts';
import { Scene } from './scene.ts';

const PORT = 8080;

for (const [name, openDatastore] of Object.entries(DATASTORES)) {
  describe(`Pods of a dual-stack pool over ${name}`, { skip: needsRoot }, () => {
    let node: NodeUnderTest;
    let scene: Scene;
    let pods: readonly { readonly sandbox: Sandbox; readonly result: CniResult; readonly server: Server }[];

    before(async () => {
      node = await NodeUnderTest.start(openDatastore, '--http=');
      const added = await node.coilctl('pool', 'add-subnet', 'default', 'fd00:11::/112');
      assert.deepEqual(added, { status: 0, stdout: '', stderr: '' });
      scene = new Scene(node, asProcess(node.dist.coil));
      const sandboxes = [await scene.sandbox(), await scene.sandbox()];
      await eventuallyDualStack(scene);
      pods = await Promise.all(
        sandboxes.map(async (sandbox) => {
          const result = await sandbox.add();
          return { sandbox, result, server: await serveIn(sandbox.netns.path) };
        }),
      );
    });
    after(async () => {
      for (const { server } of pods ?? []) server.close();
      await scene?.[Symbol.asyncDispose]();
      await node?.[Symbol.asyncDispose]();
    });

    test('have an address and a default route of each family', async () => {
      const { result, sandbox } = pods[0]!;
      const [ipv4 = '', ipv6 = ''] = addressesOf(result);
      assert.deepEqual(result.ips, [
        { interface: 1, address: `${ipv4}/32`, gateway: '169.254.1.1' },
        { interface: 1, address: `${ipv6}/128`, gateway: 'fe80::1' },
      ]);
      assert.match(ipv4, /^10\.11\.\d+\.\d+$/);
      assert.match(ipv6, /^fd00:11::/);
      assert.deepEqual(await sandbox.recorded(), [ipv4, ipv6]);
      await sandbox.succeed('CHECK', { netconf: { prevResult: result } });
    });

    for (const [family, index] of [
      ['IPv4', 0],
      ['IPv6', 1],
    ] as const) {
      test(`are reached over ${family} from the node`, async () => {
        const host = addressesOf(pods[0]!.result)[index]!;
        const [answer] = await makeRequests(node.netns.path, { to: { host, port: PORT }, requests: [{ path: '/' }] });
        assert.equal(answer?.status, 200, String(answer?.body));
      });

      test(`reach each other over ${family}, and see each other's address`, async () => {
        const [from, to] = pods.map(({ result }) => addressesOf(result)[index]!);
        const errand = { to: { host: to!, port: PORT }, requests: [{ path: '/' }] };
        const [answer] = await makeRequests(pods[0]!.sandbox.netns.path, errand);
        assert.deepEqual([answer?.status, answer?.body], [200, from]);
      });
    }
  });
}

/** coild hears of a new subnet a moment after it was added. */
async function eventuallyDualStack(scene: Scene): Promise<void> {
  const probe = await scene.sandbox();

  await eventually('coild gives addresses of both families', async () => {
    const result = await probe.add();
    await probe.del();
    return addressesOf(result).length === 2;
  });
}

/** A server in a namespace that tells a client its address. */
async function serveIn(netns: string): Promise<Server> {
  const server = createServer(({ socket }, response) => {
    response.end(socket.remoteAddress?.replace('::ffff:', ''));
  });
  const listening = once(server, 'listening');
  // listen(2) without a host happens in this very call
  withNetns(netns, () => void server.listen(PORT));
  await listening;
  return server;
}
