import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import manifest from '../../package.json' with { type: 'json' };
import { checkNetconf } from '../../src/installer/netconf.ts';
import { hypercoil } from '../../src/programs/hypercoil-main.ts';
import { runMain } from '../run-main.ts';
import {
  baseManifests,
  containersOf,
  DEPLOY,
  expandedArgs,
  type Manifest,
  parseManifests,
  podSpec,
  renderOverlay,
  yamlFiles,
} from './manifests.ts';
import { kubectlMissing } from './requirements.ts';

const WORKLOADS = ['coil-node', 'coil-controllers'];
/** All that the programs ask of the API server: by role, `GROUP/RESOURCE: VERBS`. */
const PERMISSIONS: Readonly<Record<string, readonly string[]>> = {
  'ClusterRole coil-node': ['/nodes: get update'],
  'ClusterRole coil-controller': ['/nodes: list watch', '/pods: list'],
  'Role coil-controller-leader': ['coordination.k8s.io/leases: create', 'coordination.k8s.io/leases: get update'],
  'Role coil-etcd-endpoints': ['/endpoints: get', 'discovery.k8s.io/endpointslices: list'],
};

const base = await baseManifests();
const helps = new Map<string, string>();

test('every YAML file can be read', async () => {
  const files = await yamlFiles();
  assert.ok(files.length > 8);
  for (const file of files) parseManifests(await readFile(file, 'utf8'));
});

test('roles have what the programs need, and no more', () => {
  const roles = base.filter(({ rules }) => rules !== undefined);
  const actual = roles.map(({ kind, metadata, rules }) => [
    `${kind} ${metadata.name}`,
    rules!.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) => resources.map((resource) => `${group}/${resource}: ${verbs.join(' ')}`)),
    ),
  ]);
  assert.deepEqual(Object.fromEntries(actual), PERMISSIONS);
});

test('what one object says of another is there', () => {
  const names = new Set(base.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
  for (const { roleRef, subjects = [] } of base) {
    for (const { kind, name } of [...(roleRef ? [roleRef] : []), ...subjects])
      assert.ok(names.has(`${kind} ${name}`), name);
  }
  for (const workload of WORKLOADS) assertConsistent(base, workload, names);
});

test('programs get flags and variables that they know', async () => {
  for (const workload of WORKLOADS) await assertKnownFlags(base, workload);
});

test('coild has no more privileges than it needs', () => {
  const { terminationGracePeriodSeconds, containers } = podSpec(base, 'coil-node');
  const [{ securityContext, volumeMounts, livenessProbe, readinessProbe }] = containers as [(typeof containers)[0]];
  assert.deepEqual(securityContext, {
    runAsUser: 0,
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'], add: ['NET_ADMIN', 'SYS_ADMIN'] },
  });
  assert.deepEqual(
    volumeMounts.map(({ mountPath, mountPropagation }) => [mountPath, mountPropagation]),
    [
      ['/run/coil', undefined],
      ['/run/netns', 'HostToContainer'],
      ['/tmp', undefined],
    ],
  );
  assert.ok(terminationGracePeriodSeconds! > 20, 'a stopping coild has 20 s');
  for (const probe of [livenessProbe, readinessProbe]) assert.equal(probe?.httpGet.port, 9383);
});

test('coil-controller has none', () => {
  const [container] = podSpec(base, 'coil-controllers').containers;
  const none = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } };
  assert.deepEqual(container?.securityContext, none);
});

test('coil-controller has its Lease where its role is', () => {
  const [container] = podSpec(base, 'coil-controllers').containers;
  const namespace = container?.env?.find(({ name }) => name === 'POD_NAMESPACE');
  assert.deepEqual(namespace?.valueFrom, { fieldRef: { fieldPath: 'metadata.namespace' } });
});

test('a rollout of controllers does not wait for a node that there may not be', () => {
  const { spec } = base.find(({ kind }) => kind === 'Deployment')!;
  assert.deepEqual(spec?.strategy, { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } });
});

test('the network configuration is one that the installer takes', async () => {
  checkNetconf(await readFile(join(DEPLOY, 'base/netconf.json'), 'utf8'));
});

describe('overlays', { skip: kubectlMissing() }, () => {
  test('etcd: both programs get its flags and the certificates', async () => {
    const rendered = await renderOverlay('etcd');
    const secret = rendered.find(({ kind }) => kind === 'Secret')!;
    for (const workload of WORKLOADS) {
      await assertRendered(rendered, workload);
      const { containers, volumes } = podSpec(rendered, workload);
      assert.equal(volumes.find(({ name }) => name === 'etcd')?.secret?.secretName, secret.metadata.name);
      const files = expandedArgs(containers[0]!).flatMap(
        (arg) => /=(\/etc\/coil\/etcd\/.*)$/.exec(arg)?.slice(1) ?? [],
      );
      const mounted = containers[0]!.volumeMounts.find(({ name }) => name === 'etcd')!.mountPath;
      assert.deepEqual(
        files.sort(),
        Object.keys(secret.data!)
          .map((name) => `${mounted}/${name}`)
          .sort(),
      );
    }
    const { containers, volumes } = podSpec(rendered, 'coil-node');
    assert.equal(volumes.find(({ name }) => name === 'journal')?.hostPath?.path, '/var/lib/coil');
    assert.ok(containers[0]!.volumeMounts.some(({ mountPath }) => mountPath === '/var/lib/coil'));
  });

  test('embedded: both programs share the file, and there is one controller', async () => {
    const rendered = await renderOverlay('embedded');
    for (const workload of WORKLOADS) {
      await assertRendered(rendered, workload);
      const { containers, volumes } = podSpec(rendered, workload);
      assert.ok(expandedArgs(containers[0]!).includes('--store=sqlite:/var/lib/coil/coil.db'));
      assert.equal(volumes.find(({ name }) => name === 'state')?.hostPath?.path, '/var/lib/coil');
      assert.ok(containers[0]!.volumeMounts.some(({ mountPath }) => mountPath === '/var/lib/coil'));
    }
    const deployment = rendered.find(({ kind }) => kind === 'Deployment');
    assert.equal(deployment?.spec?.replicas, 1);
  });
});

describe('components', { skip: kubectlMissing() }, () => {
  test('ask-runtime: the socket, in a folder that is mounted', async () => {
    const rendered = await renderOverlay('embedded', 'ask-runtime');
    await assertRendered(rendered, 'coil-node');
    const [coild] = podSpec(rendered, 'coil-node').containers;
    const socket = coild!.args!.find((arg) => arg.startsWith('--cri-socket='))!.slice('--cri-socket='.length);
    assert.ok(
      coild!.volumeMounts.some(({ mountPath }) => socket.startsWith(`${mountPath}/`)),
      socket,
    );
  });

  test('prometheus: ports that are served, and annotations that name them', async () => {
    const rendered = await renderOverlay('etcd', 'prometheus');
    for (const [workload, flag] of [
      ['coil-node', '--metrics=:'],
      ['coil-controllers', '--health=:'],
    ] as const) {
      await assertRendered(rendered, workload);
      const template = rendered.find(({ metadata, spec }) => metadata.name === workload && spec?.template)?.spec
        ?.template;
      const port = template?.metadata?.annotations?.['prometheus.io/port'];
      const args = podSpec(rendered, workload).containers[0]!.args!;
      assert.deepEqual(
        args.filter((arg) => arg.startsWith(flag.slice(0, -1))),
        [`${flag}${port}`],
      );
    }
  });

  test('ask-kubernetes: the flag, and what it needs', async () => {
    const rendered = await renderOverlay('etcd', 'ask-runtime', 'ask-kubernetes');
    await assertRendered(rendered, 'coil-node');
    assert.ok(podSpec(rendered, 'coil-node').containers[0]!.args!.includes('--ask-kubernetes'));
    const role = rendered.find(({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === 'coil-node');
    assert.deepEqual(role?.rules?.at(-1), { apiGroups: [''], resources: ['pods'], verbs: ['list'] });
  });
});

async function assertRendered(rendered: readonly Manifest[], workload: string): Promise<void> {
  const names = new Set(rendered.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
  assertConsistent(rendered, workload, names);
  await assertKnownFlags(rendered, workload);
  for (const { image } of containersOf(podSpec(rendered, workload))) assert.equal(image, `coil:${manifest.version}`);
  for (const { kind, metadata } of rendered)
    assert.equal(metadata.namespace, kind.startsWith('Cluster') ? undefined : 'kube-system', metadata.name);
  const config = rendered.find(({ kind }) => kind === 'ConfigMap')!.metadata.name;
  const references = podSpec(rendered, 'coil-node').initContainers!.flatMap(({ env = [] }) =>
    env.flatMap(({ valueFrom }) => valueFrom?.configMapKeyRef?.name ?? []),
  );
  assert.deepEqual(references, [config]);
}

function assertConsistent(manifests: readonly Manifest[], workload: string, names: ReadonlySet<string>): void {
  const spec = podSpec(manifests, workload);
  assert.ok(names.has(`ServiceAccount ${spec.serviceAccountName}`), spec.serviceAccountName);
  const volumes = new Set(spec.volumes.map(({ name }) => name));
  const mounted = containersOf(spec).flatMap(({ volumeMounts }) => volumeMounts.map(({ name }) => name));
  assert.deepEqual([...new Set(mounted)].sort(), [...volumes].sort());
}

async function assertKnownFlags(manifests: readonly Manifest[], workload: string): Promise<void> {
  for (const { command, args = [], env = [] } of containersOf(podSpec(manifests, workload))) {
    const help = await helpOf(command[0]!);
    const known = [...help.matchAll(/^\s+(?:-\w, )?(--[a-z-]+)/gm)].map((match) => match[1]);
    for (const arg of args) assert.ok(known.includes(arg.split('=')[0]), `${command[0]} has no ${arg}`);
    for (const { name } of env) {
      const reader = name.startsWith('COILCTL_') ? await helpOf('coilctl') : help;
      assert.match(reader, new RegExp(`\\b${name}\\b`));
    }
  }
}

async function helpOf(program: string): Promise<string> {
  const help = helps.get(program) ?? (await runMain(hypercoil('hypercoil'), [program, '--help'])).stdout;
  assert.notEqual(help, '', `${program} --help`);
  helps.set(program, help);
  return help;
}
