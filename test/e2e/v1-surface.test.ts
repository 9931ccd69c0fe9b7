import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { EtcdServer } from '../etcd/etcd-server.ts';
import { V1_GOLDEN } from '../etcd/v1-golden.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { eventually } from './eventually.ts';
import { type HttpRequest, makeRequests } from './http-errand.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { addressesOf, type CniResult } from './sandbox.ts';
import { Scene } from './scene.ts';
import { V1Datastore } from './v1-datastore.ts';
import { launcherOn, table119, V1_TABLE_119 } from './v1-node.ts';
import { V1_NETCONF } from './v1-plugin.ts';
import {
  V1_ALLOCATIONS,
  V1_CNI_VERSIONS,
  V1_COILD_FLAGS,
  V1_COILD_STARTS,
  V1_ENDPOINTS,
  V1_LOG_MEMBERS,
  V1_PLUGIN_CALLS,
  V1_SURFACE_EXCEPTIONS,
} from './v1-surface.ts';

const COILD = { host: '127.0.0.1', port: 9383 };

let stack: AsyncDisposableStack;
let datastore: V1Datastore;
before(async () => {
  stack = new AsyncDisposableStack();
  if (needsRoot) return;
  datastore = stack.use(new V1Datastore(stack.use(await EtcdServer.start())));
  await datastore.put(V1_GOLDEN);
});
after(() => stack.disposeAsync());

describe('coild', { skip: needsRoot, concurrency: 1 }, () => {
  let node: NodeUnderTest;
  before(async () => {
    node = stack.use(await NodeUnderTest.create(datastore.open, { pools: [] }));
  });

  test("has v1's flags with v1's defaults", async () => {
    const { status, stdout } = await node.run(node.dist.coild, '--help');
    assert.equal(status, 0);
    const text = stdout.replaceAll(/\s+/g, ' ');
    for (const { flag, default: value, ours = value } of V1_COILD_FLAGS) {
      const end = ours === undefined ? '\\[string\\](?! \\[default)' : `\\[string\\] \\[default: "${ours}"\\]`;
      assert.match(text, new RegExp(`${flag} (?:(?! --).)*${end}`), flag);
      assert.equal(ours !== value, flag in V1_SURFACE_EXCEPTIONS, flag);
    }
    assert.match(text, /COIL_NODE_NAME/);
  });

  for (const flags of V1_COILD_STARTS) {
    test(`starts with ${flags.join(' ')}`, async () => {
      await using coild = await node.startCoild(...flags);
      await coild.logged('read the state of this node');
      const [answer] = await makeRequests(node.netns.path, { to: COILD, requests: [{ path: '/status' }] });
      assert.equal(answer?.status, 200);
      await eventually('table 119 is as v1 makes it', async () => (await table119(node)) === V1_TABLE_119);
      assert.equal(await coild.stop(), 0);
    });
  }

  test('exports to another table by another protocol, and listens on another port', async () => {
    await using coild = await node.startCoild('--table-id=120', '--protocol-id=31', '--http=127.0.0.1:9384');
    await coild.logged('exported blocks');
    const routes = await node.netns.ip('route show table 120');
    assert.equal(routes, V1_TABLE_119.replaceAll('proto 30', 'proto 31'));
    const to = { ...COILD, port: 9384 };
    const [answer] = await makeRequests(node.netns.path, { to, requests: [{ path: '/status' }] });
    assert.equal(answer?.status, 200);
    assert.equal(await coild.stop(), 0);
  });

  for (const [format, read] of Object.entries(lineReaders())) {
    test(`logs to a file, in ${format}, with v1's members`, async () => {
      const file = join(node.folder, `${format}.log`);
      await using coild = node.spawnCoild([`--logfile=${file}`, `--logformat=${format}`]);
      const line = await eventually('a line', async () => (await readFile(file, 'utf8')).split('\n').at(-2));
      for (const member of read(line)) assert.ok(member);
      assert.equal(await coild.stop(), 0);
      assert.equal(coild.output, '');
    });
  }
});

/** What v1 has in a line of the log, in its order, by format. */
function lineReaders(): Readonly<Record<string, (line: string) => readonly string[]>> {
  return {
    plain: (line) => /^(\S+Z) (\S+) (coild) (info): "(.+?)"/.exec(line)!.slice(1),
    logfmt: (line) => /^topic="?(coild)"? logged_at=(\S+) severity="?(\w+)"? utsname="?(\S+?)"? message="/.exec(line)!,
    json: (line) => V1_LOG_MEMBERS.map((member) => String((JSON.parse(line) as Record<string, unknown>)[member] ?? '')),
  };
}

describe('REST and CNI', { skip: needsRoot, concurrency: 1 }, () => {
  let node: NodeUnderTest;
  let scene: Scene;
  before(async () => {
    node = stack.use(await NodeUnderTest.create(stack.use(new V1Datastore(stack.use(await EtcdServer.start()))).open));
    await node.startCoild();
    scene = stack.use(new Scene(node, launcherOn(node)));
  });

  test("endpoints answer with v1's status", async () => {
    const requests = V1_ENDPOINTS.map(([method, path, , body]) => ({
      method,
      path,
      ...(body !== undefined && { body }),
    }));
    const answers = await makeRequests(node.netns.path, { to: COILD, requests });
    const line = ([method, path, , body]: (typeof V1_ENDPOINTS)[number], status?: number) =>
      `${method} ${path} ${body ?? ''} ${status}`;
    assert.deepEqual(
      V1_ENDPOINTS.map((endpoint, i) => line(endpoint, answers[i]?.status)),
      V1_ENDPOINTS.map((endpoint) => line(endpoint, endpoint[2])),
    );
  });

  test('POST /ip takes what v1 takes', async () => {
    const requests = V1_ALLOCATIONS.map(({ headers, more }, i): HttpRequest => {
      const body = { 'pod-namespace': 'default', 'pod-name': `web-${i}`, 'container-id': `c${i}`, ...more };
      return { method: 'POST', path: '/ip', headers, body: JSON.stringify(body) };
    });
    const answers = await makeRequests(node.netns.path, { to: COILD, requests });
    const bodies = answers.map(({ body }) => body.trim());
    assert.deepEqual(
      bodies,
      [0, 1, 2].map((octet) => `{"address":"10.11.0.${octet}","status":200}`),
    );
  });

  test('with --offline=deny, what the datastore has to be changed for fails with 500 while it is down', async () => {
    node.coild.signal('SIGTERM');
    await node.coild.ended();
    await node.startCoild('--offline=deny');
    const body = JSON.stringify({ 'pod-namespace': 'default', 'pod-name': 'late', 'container-id': 'late' });
    const ask = async (request: HttpRequest) => {
      const [answer] = await makeRequests(node.netns.path, { to: COILD, requests: [request] });
      return answer!;
    };
    const isReady = async () => (await ask({ path: '/readyz' })).status === 200;
    await eventually('coild is ready', isReady);
    for (const request of [
      { method: 'POST', path: '/ip', body },
      { method: 'DELETE', path: '/ip/default/web-0/c0' },
    ]) {
      node.datastore.interrupt();
      const answer = await ask(request);
      node.datastore.restore();
      assert.equal(answer.status, 500, answer.body);
      assert.match(answer.body, /^\{"error":"etcd at .*","request_id":"[^"]+","status":500\}$/);
      await eventually('coild is ready', isReady);
    }
  });

  test("the plugin speaks v1's versions", async () => {
    const sandbox = await scene.sandbox();
    const { supportedVersions } = (await sandbox.succeed('VERSION')) as { supportedVersions: string[] };
    const missing = V1_CNI_VERSIONS.filter((version) => !supportedVersions.includes(version));
    const excepted = V1_CNI_VERSIONS.filter((version) => `CNI ${version}` in V1_SURFACE_EXCEPTIONS);
    assert.deepEqual(missing, excepted);
  });

  test("the plugin succeeds and fails where v1's does", async () => {
    const sandbox = await scene.sandbox();
    for (const { command, env = {}, succeeds } of V1_PLUGIN_CALLS) {
      const { exitStatus, stdout } = await sandbox.call(command, { netconf: V1_NETCONF, env });
      assert.equal(exitStatus === 0, succeeds, `${command} ${JSON.stringify(env)}: ${stdout}`);
    }
  });

  test("the result of ADD has what v1's has", async () => {
    const sandbox = await scene.sandbox();
    const result = await sandbox.add({ netconf: V1_NETCONF });
    const [host, container] = result.interfaces as readonly (CniResult['interfaces'][number] & { mac?: string })[];
    const [address = ''] = addressesOf(result);
    const macs = [host, container].map((link) => link?.mac ?? '');
    for (const mac of macs) assert.match(mac, /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
    assert.partialDeepStrictEqual(result, {
      cniVersion: '0.3.1',
      interfaces: [
        { name: sandbox.hostLink, mac: macs[0] },
        { name: 'eth0', mac: macs[1], sandbox: sandbox.netns.path },
      ],
      ips: [{ version: '4', interface: 1, address: `${address}/32` }],
      dns: {},
    });
    const route = await node.netns.ip(`route show ${address}`);
    assert.equal(route.trim(), `${address} dev ${sandbox.hostLink} scope link`);
    assert.match(await node.netns.ip(`address show dev ${sandbox.hostLink}`), /inet 169\.254\.1\.1\/32 scope link/);
    const inside = (await sandbox.netns.ip('route show'))
      .trim()
      .split('\n')
      .map((line) => line.trim());
    assert.deepEqual(inside, ['default via 169.254.1.1 dev eth0', '169.254.1.1 dev eth0 scope link']);
  });
});
