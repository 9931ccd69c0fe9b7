import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { connectKube } from '../../src/kube/connect-kube.ts';
import type { KubeClient, KubeRequest } from '../../src/kube/kube-client.ts';
import { KubeError } from '../../src/kube/kube-error.ts';
import { KubeNodeTaints } from '../../src/kube/kube-node-taints.ts';
import { eventually } from '../e2e/eventually.ts';
import { netconf, TestNode } from '../installer/test-node.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { ApiServer } from './api-server.ts';
import { kubeMissing } from './kube-binary.ts';

const HYPERCOIL = fileURLToPath(new URL('../../src/programs/hypercoil.ts', import.meta.url));
const TIMEOUT_MS = 60_000;
const skip = kubeMissing();
const BOOT = 'coil.cybozu.com/bootstrap';
const TAINTS = [
  { key: 'example.com/other', effect: 'NoSchedule', value: 'x' },
  { key: BOOT, effect: 'NoSchedule' },
  { key: BOOT, effect: 'NoExecute', value: 'true' },
];
/** The API server itself gives it to every new Node. */
const NOT_READY = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
const OTHERS = [TAINTS[0], NOT_READY];
/** What v1's ClusterRole lets the programs of a node do. */
const ROLE = { rules: [{ apiGroups: [''], resources: ['nodes'], verbs: ['get', 'update'] }] };
const SERVICE_ACCOUNTS = '/api/v1/namespaces/kube-system/serviceaccounts';
const RBAC = { apiVersion: 'rbac.authorization.k8s.io/v1', path: '/apis/rbac.authorization.k8s.io/v1' };

interface NodeObject {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: { readonly taints?: readonly { readonly key: string }[] };
}

let server: ApiServer;
/** The client of a node's programs. */
let client: KubeClient;

before(
  async () => {
    if (skip) return;
    server = await ApiServer.start();
    await createAccount('coil-node');
    const name = { name: 'coil-node' };
    await create(`${RBAC.path}/clusterroles`, {
      apiVersion: RBAC.apiVersion,
      kind: 'ClusterRole',
      metadata: name,
      ...ROLE,
    });
    await create(`${RBAC.path}/clusterrolebindings`, {
      apiVersion: RBAC.apiVersion,
      kind: 'ClusterRoleBinding',
      metadata: name,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', ...name },
      subjects: [{ kind: 'ServiceAccount', namespace: 'kube-system', ...name }],
    });
    client = await clientOf('coil-node');
    // the API server learns of a role a moment after it is there
    await eventually('the role is in force', () => isAnswered(client, 404));
  },
  { timeout: 2 * TIMEOUT_MS },
);

after(async () => {
  client?.[Symbol.dispose]();
  await server?.[Symbol.asyncDispose]();
});

function ask(request: KubeRequest): Promise<unknown> {
  return server.admin.ask(request, AbortSignal.timeout(TIMEOUT_MS));
}

function create(path: string, body: unknown): Promise<unknown> {
  return ask({ method: 'POST', path, body });
}

async function createAccount(name: string): Promise<void> {
  await create(SERVICE_ACCOUNTS, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } });
}

/** A token of a ServiceAccount, as its Pods have it. */
async function tokenOf(account: string): Promise<string> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const answer = (await create(`${SERVICE_ACCOUNTS}/${account}/token`, body)) as { status: { token: string } };
  return answer.status.token;
}

async function clientOf(account: string): Promise<KubeClient> {
  return await connectKube({ kubeconfig: await server.kubeconfig({ token: await tokenOf(account) }), env: {} });
}

async function createNode(name: string, taints: readonly unknown[] = TAINTS): Promise<void> {
  const spec = { podCIDR: '10.244.0.0/24', podCIDRs: ['10.244.0.0/24'], providerID: 'x://y', taints };
  await create('/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { own: 'x' } }, spec });
}

async function getNode(name: string): Promise<NodeObject> {
  return (await ask({ method: 'GET', path: `/api/v1/nodes/${name}` })) as NodeObject;
}

async function isAnswered(by: KubeClient, status: number): Promise<boolean> {
  try {
    await by.ask({ method: 'GET', path: '/api/v1/nodes/nonexistent' }, AbortSignal.timeout(TIMEOUT_MS));
    return false;
  } catch (error) {
    return KubeError.hasStatus(error, status);
  }
}

/** Somebody else's change. */
async function label(node: string, name: string): Promise<void> {
  const headers = { 'Content-Type': 'application/merge-patch+json' };
  const body = { metadata: { labels: { [name]: 'x' } } };
  await ask({ method: 'PATCH', path: `/api/v1/nodes/${node}`, headers, body });
}

test('takes the named taints away with the rights that v1 gave, and changes nothing else', { skip }, async () => {
  await createNode('node1');
  const { metadata, ...before } = await getNode('node1');
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const taints = new KubeNodeTaints('node1', client);
  assert.deepEqual(await taints.find([BOOT, 'absent'], signal), [BOOT]);
  assert.deepEqual(await taints.remove([BOOT, 'absent'], signal), [BOOT]);
  const { metadata: now, ...changed } = await getNode('node1');
  assert.deepEqual(changed, { ...before, spec: { ...before.spec, taints: OTHERS } });
  assert.deepEqual(now.labels, metadata.labels);
  assert.deepEqual(await taints.remove([BOOT], signal), []);
});

test('a concurrent writer wins each time, until it is done; its changes stay', { skip }, async () => {
  await createNode('node2');
  const changes = ['first', 'second', 'third'];
  const updates: string[] = [];
  const racing: Pick<KubeClient, 'ask'> = {
    ask: async (request, signal) => {
      const change = request.method === 'PUT' ? changes.shift() : undefined;
      if (request.method === 'PUT') updates.push(change ?? 'alone');
      if (change !== undefined) await label('node2', change);
      return await client.ask(request, signal);
    },
  };
  await new KubeNodeTaints('node2', racing).remove([BOOT], AbortSignal.timeout(TIMEOUT_MS));
  assert.deepEqual(updates, ['first', 'second', 'third', 'alone']);
  const { metadata, spec } = await getNode('node2');
  assert.deepEqual(Object.keys(metadata.labels).sort(), ['first', 'own', 'second', 'third']);
  assert.deepEqual(spec.taints, OTHERS);
});

test('several that take taints away at once do not undo each other', { skip }, async () => {
  const keys = ['a', 'b', 'c', 'd', 'e'].map((name) => `example.com/${name}`);
  await createNode(
    'node3',
    keys.map((key) => ({ key, effect: 'NoSchedule' })),
  );
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  await Promise.all(keys.map((key) => new KubeNodeTaints('node3', client).remove([key], signal)));
  assert.deepEqual((await getNode('node3')).spec.taints, [NOT_READY]);
});

test('the program removes them at the end, told by KUBECONFIG', { skip: skip || needsRoot }, async () => {
  await createNode('node4');
  await using node = await TestNode.create();
  await writeFile(join(node.folder, 'coil'), 'plugin');
  const env = {
    PATH: process.env.PATH,
    CNI_ETC_DIR: node.etcDir,
    CNI_BIN_DIR: node.binDir,
    CNI_NETCONF: netconf('k8s'),
    COIL_PATH: join(node.folder, 'coil'),
    COIL_NODE_NAME: 'node4',
    KUBECONFIG: await server.kubeconfig({ token: await tokenOf('coil-node') }),
  };
  // the sysctls of the machine stay as they are
  const script = `mount --bind ${node.procSys} /proc/sys && exec "$@"`;
  const program = [process.execPath, HYPERCOIL, 'coil-installer'];
  const started = performance.now();
  const args = ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', ...program];
  const { stderr } = await promisify(execFile)('unshare', args, { env, timeout: TIMEOUT_MS });
  assert.deepEqual((await getNode('node4')).spec.taints, OTHERS, stderr);
  assert.ok(performance.now() - started >= 6000, 'it did not wait for the runtime');
  assert.match(stderr, /"taints removed" keys=\["coil\.cybozu\.com\/bootstrap"\]\n$/);
});

test('a lack of rights, and a Node that is not there, are told with what to do', { skip }, async () => {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  await assert.rejects(new KubeNodeTaints('node9', client).find([BOOT], signal), {
    status: 404,
    message: 'cannot read the taints of Node node9 (COIL_NODE_NAME takes the name of this Node)',
  });
  await createAccount('nobody');
  using nobody = await clientOf('nobody');
  await assert.rejects(new KubeNodeTaints('node1', nobody).remove([BOOT], signal), {
    status: 403,
    message: 'cannot remove the taints of Node node1 (the ServiceAccount needs get and update of nodes)',
  });
});
