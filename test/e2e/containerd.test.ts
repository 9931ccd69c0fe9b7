import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { type Built, built } from './built.ts';
import { BLOCKS, CoilNode, NODE_ADDRESS, NODE_NAME, SUBNET } from './coil-node.ts';
import { eventually } from './eventually.ts';
import { compilePause } from './image.ts';
import type { Pod } from './kubelet.ts';
import { exportedRoutes, links, routesThrough } from './node-network.ts';
import { containerdMissing } from './requirements.ts';

const OVER_HTTP = 'http://127.0.0.1:9383';
const OVER_SOCKET = 'unix:///run/coil/coild.sock';
const HOST_PORT = 30080;
const POD_PORT = 8080;
const skip = containerdMissing() ?? false;

let dist: Built;
let pause: string;
before(async () => {
  if (!skip) [dist, pause] = await Promise.all([built(), compilePause()]);
});

for (const coild of [OVER_HTTP, OVER_SOCKET]) {
  test(`containerd attaches and detaches a Pod, coild being ${coild}`, { skip }, (t) =>
    onNode(t, coild, async (node) => {
      const portMappings = [{ hostPort: HOST_PORT, containerPort: POD_PORT }];
      const pod = await node.kubelet.run('web-0', { portMappings });
      await assertAttached(node, pod);
      assert.equal(await ask(node, pod.ip, POD_PORT), 'I am web-0');
      assert.equal(await askFromNeighbour(node), 'I am web-0');
      await node.kubelet.end(pod);
      await assertDetached(node, pod);
      await assert.rejects(askFromNeighbour(node), /ECONNREFUSED/);
      await assertNothingAssigned(node);
    }),
  );
}

test('ten Pods that start at once get ten addresses, and reach each other', { skip }, (t) =>
  onNode(t, OVER_SOCKET, async (node) => {
    const names = Array.from({ length: 10 }, (_, i) => `web-${i}`);
    const pods = await Promise.all(names.map((name) => node.kubelet.run(name)));
    assert.equal(new Set(pods.map(({ ip }) => ip)).size, 10);
    await answer(node, pods[0]!);
    assert.equal(await askFromPod(node, pods[9]!, pods[0]!), 'I am web-0');
    await Promise.all(pods.map((pod) => node.kubelet.end(pod)));
    await assertNothingAssigned(node);
  }),
);

test("a Pod's new sandbox keeps its network when the old one is stopped afterwards", { skip }, (t) =>
  onNode(t, OVER_SOCKET, async (node) => {
    const old = await node.kubelet.run('web-0');
    const pod = await node.kubelet.run('web-0', { attempt: 1 });
    assert.notEqual(pod.ip, old.ip);
    await node.kubelet.end(old);
    await assert.rejects(node.coilctl('address', 'info', old.ip), /not found/);
    await assertAttached(node, pod);
    assert.equal(await ask(node, pod.ip, POD_PORT), 'I am web-0');
    await node.kubelet.end(pod);
    await assertDetached(node, pod);
    await assertNothingAssigned(node);
  }),
);

test('while coild is down Pods stay reachable, and a start fails saying so; then it succeeds', { skip }, (t) =>
  onNode(t, OVER_SOCKET, async (node) => {
    const running = await node.kubelet.run('web-0');
    await answer(node, running);
    await node.stopCoild();
    await assert.rejects(node.kubelet.run('web-1'), /coild did not answer at unix:\/\/\/run\/coil\/coild\.sock/);
    assert.equal(await ask(node, running.ip, POD_PORT), 'I am web-0');
    await node.startCoild();
    const pod = await node.kubelet.run('web-1', { attempt: 1 });
    await assertAttached(node, pod);
    assert.notEqual(pod.ip, running.ip);
    await node.kubelet.endAll();
    await assertDetached(node, pod);
    await assertNothingAssigned(node);
  }),
);

test('a sandbox may be stopped twice', { skip }, (t) =>
  onNode(t, OVER_SOCKET, async (node) => {
    const { cri } = node.containerd;
    const pod = await node.kubelet.run('web-0');
    await cri.stopPodSandbox(pod.id);
    await cri.stopPodSandbox(pod.id);
    assert.equal((await cri.podSandboxStatus(pod.id)).state, 'SANDBOX_NOTREADY');
    await assertDetached(node, pod);
  }),
);

/** Runs `body` on a new node that has v1's network configuration but for the address of coild. */
async function onNode(t: TestContext, coild: string, body: (node: CoilNode) => Promise<void>): Promise<void> {
  const plugins = [
    { type: 'coil', coild },
    { type: 'tuning', mtu: 1400 },
    { type: 'portmap', snat: true, capabilities: { portMappings: true } },
  ];
  const netconf = { cniVersion: '0.3.1', name: 'k8s', plugins };
  await using node = await CoilNode.start({ dist, pause, netconf });
  try {
    await body(node);
  } catch (error) {
    t.diagnostic(node.logs);
    throw error;
  }
}

async function assertAttached(node: CoilNode, pod: Pod): Promise<void> {
  assert.ok(inSubnet(SUBNET, pod.ip), pod.ip);
  const { container_id, namespace, pod: name } = JSON.parse(await node.coilctl('address', 'info', pod.ip));
  assert.deepEqual({ container_id, namespace, name }, { container_id: pod.id, namespace: 'shop', name: pod.name });
  assert.ok((await links(node.machine)).includes(pod.hostIfname));
  assert.deepEqual(await routesThrough(node.machine, pod.hostIfname), [{ dst: pod.ip, scope: 'link' }]);
  const exported = await exportedRoutes(node.machine);
  assert.deepEqual(exported, [{ dst: '10.77.0.0/28', dev: 'lo', protocol: '30' }]);
  const [eth0] = JSON.parse(await node.runIn(pod, 'ip', '-json', 'link', 'show', 'eth0'));
  assert.equal(eth0.mtu, 1400, 'the plugin tuning comes after ours');
  await answer(node, pod);
}

async function assertDetached(node: CoilNode, pod: Pod): Promise<void> {
  assert.deepEqual(await routesThrough(node.machine, pod.hostIfname), []);
  await assert.rejects(node.coilctl('address', 'info', pod.ip), /not found/);
  const gone = async () => !(await links(node.machine)).includes(pod.hostIfname);
  await eventually(`${pod.hostIfname}, which is deleted in the background, is gone`, gone);
}

/** The last block goes back after it was empty for a scan interval. */
async function assertNothingAssigned(node: CoilNode): Promise<void> {
  const free = `free blocks: ${BLOCKS} out of ${BLOCKS}\n`;
  const returned = async () => (await node.coilctl('pool', 'show', 'default', SUBNET)) === free;
  await eventually('all blocks are free', returned);
  assert.deepEqual(await exportedRoutes(node.machine), []);
  assert.equal(await node.coilctl('node', 'blocks', NODE_NAME), '');
}

function inSubnet(subnet: string, ip: string): boolean {
  const [network, length] = subnet.split('/') as [string, string];
  const list = new BlockList();
  list.addSubnet(network, Number(length));
  return list.check(ip);
}

/** Lets a Pod answer on its port, until it ends. */
async function answer(node: CoilNode, pod: Pod): Promise<void> {
  const server = node.startIn(pod, process.execPath, script('tcp-answer.ts'), String(POD_PORT), `I am ${pod.name}`);
  await server.printed(/listening/);
}

function ask(node: CoilNode, host: string, port: number): Promise<string> {
  return node.machine.run(process.execPath, script('tcp-ask.ts'), host, String(port));
}

function askFromPod(node: CoilNode, from: Pod, to: Pod): Promise<string> {
  return node.runIn(from, process.execPath, script('tcp-ask.ts'), to.ip, String(POD_PORT));
}

/** Asks at the host port, from another machine. */
function askFromNeighbour(node: CoilNode): Promise<string> {
  const enter = ['--net=/run/netns/neighbour', process.execPath, script('tcp-ask.ts')];
  return node.machine.run('nsenter', ...enter, NODE_ADDRESS, String(HOST_PORT));
}

function script(name: string): string {
  return join(import.meta.dirname, name);
}
