import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';

const MANIFEST = resolve(import.meta.dirname, '../../deploy/base/controller-rbac.yaml');
const GROUP = 'rbac.authorization.k8s.io';
const PATH = '/apis/rbac.authorization.k8s.io/v1';

interface Role {
  readonly kind: string;
  readonly rules: readonly unknown[];
}

/** An object to be created. */
interface RoleObject {
  readonly path: string;
  readonly object: unknown;
}

/** What administrators let the controller do, for a user, and in a namespace, of a test. */
export async function controllerRoles(namespace: string, user: string): Promise<readonly RoleObject[]> {
  const documents = parseAllDocuments(await readFile(MANIFEST, 'utf8')).map((one) => one.toJS() as Role);
  const rulesOf = (kind: string) => documents.filter((one) => one.kind === kind).flatMap(({ rules }) => rules);
  const subjects = [{ kind: 'User', name: user, apiGroup: GROUP }];
  const name = namespace; // unique, as what belongs to no namespace has to be
  const metadata = { name };
  const binding = (kind: string) => ({ metadata, subjects, roleRef: { apiGroup: GROUP, kind, name } });
  const inside = `${PATH}/namespaces/${namespace}`;
  return [
    { path: `${PATH}/clusterroles`, object: { metadata, rules: rulesOf('ClusterRole') } },
    { path: `${PATH}/clusterrolebindings`, object: binding('ClusterRole') },
    { path: `${inside}/roles`, object: { metadata, rules: rulesOf('Role') } },
    { path: `${inside}/rolebindings`, object: binding('Role') },
  ];
}
