import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Manifest, renderOverlay } from '../deploy/manifests.ts';
import { kubectlMissing } from '../deploy/requirements.ts';
import { eventually } from '../e2e/eventually.ts';
import { ApiServer } from './api-server.ts';
import { kubeMissing } from './kube-binary.ts';

const NAMESPACE = 'kube-system';
const CALL_MS = 15_000;

/** `ACCOUNT: VERB GROUP/RESOURCE[/NAME] [in NAMESPACE]` */
const ALLOWED = [
  'coil-node: get /nodes/node1',
  'coil-node: update /nodes/node1',
  'coil-node: get /endpoints/etcd in kube-system',
  'coil-node: list discovery.k8s.io/endpointslices in kube-system',
  'coil-controller: list /nodes',
  'coil-controller: watch /nodes',
  'coil-controller: list /pods',
  'coil-controller: create coordination.k8s.io/leases in kube-system',
  'coil-controller: get coordination.k8s.io/leases/coil-controller in kube-system',
  'coil-controller: update coordination.k8s.io/leases/coil-controller in kube-system',
  'coil-controller: get /endpoints/etcd in kube-system',
];
const DENIED = [
  'coil-node: list /nodes',
  'coil-node: delete /nodes/node1',
  'coil-node: list /pods',
  'coil-node: get /secrets/coil-etcd in kube-system',
  'coil-node: get /endpoints/kubernetes in default',
  'coil-controller: update /nodes/node1',
  'coil-controller: delete /pods/web-0 in default',
  'coil-controller: get /secrets/coil-etcd in kube-system',
  'coil-controller: update coordination.k8s.io/leases/kube-scheduler in kube-system',
];

describe('manifests at a real API server', { skip: kubeMissing() || kubectlMissing() }, () => {
  let server: ApiServer;
  before(async () => {
    server = await ApiServer.start();
  });
  after(() => server[Symbol.asyncDispose]());

  for (const overlay of ['etcd', 'embedded']) {
    test(`it takes every object of the overlay ${overlay}`, async () => {
      const manifests = await renderOverlay(overlay);
      for (const manifest of manifests) {
        const request = {
          method: 'POST',
          path: collection(manifest),
          query: { dryRun: 'All' },
          body: manifest,
        } as const;
        await server.admin.ask(request, AbortSignal.timeout(CALL_MS));
      }
    });
  }

  test('the service accounts may do what the programs do, and no more', async () => {
    const rbac = (await renderOverlay('etcd')).filter(({ apiVersion }) => apiVersion.startsWith('rbac.'));
    for (const manifest of rbac) {
      const request = { method: 'POST', path: collection(manifest), body: manifest } as const;
      await server.admin.ask(request, AbortSignal.timeout(CALL_MS));
    }
    const answers = async (lines: readonly string[]) => await Promise.all(lines.map((line) => mayDo(server, line)));
    // the authorizer learns of new roles by a watch, a moment later
    await eventually('all is allowed that has to be', async () => (await answers(ALLOWED)).every(Boolean), CALL_MS);
    assert.deepEqual(
      await answers(DENIED),
      DENIED.map(() => false),
    );
  });
});

async function mayDo(server: ApiServer, line: string): Promise<boolean> {
  const [, account, verb, group, resource, name = '', namespace = ''] =
    /^(\S+): (\S+) ([^/\s]*)\/([^/\s]+)(?:\/(\S+))?(?: in (\S+))?$/.exec(line)!;
  const body = {
    ...{ apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview' },
    spec: {
      user: `system:serviceaccount:${NAMESPACE}:${account}`,
      resourceAttributes: { verb, group, resource, name, namespace },
    },
  };
  const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
  const review = await server.admin.ask({ method: 'POST', path, body }, AbortSignal.timeout(CALL_MS));
  return (review as { status: { allowed: boolean } }).status.allowed;
}

/** Where objects of the kind are created: `/apis/apps/v1/namespaces/kube-system/daemonsets`. */
function collection({ apiVersion, kind, metadata: { namespace } }: Manifest): string {
  const root = apiVersion.includes('/') ? '/apis' : '/api';
  const folder = namespace === undefined ? '' : `/namespaces/${namespace}`;
  return `${root}/${apiVersion}${folder}/${kind.toLowerCase()}s`;
}
