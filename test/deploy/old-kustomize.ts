import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

/** The members of a kustomization.yaml that deploy/ uses. */
interface Kustomization {
  readonly kind: 'Kustomization' | 'Component';
  readonly resources?: readonly string[];
  readonly components?: readonly string[];
  readonly patches?: readonly Patch[];
}

interface Patch {
  readonly path: string;
  readonly target: { readonly kind: string; readonly name: string };
}

interface Target {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly name: string;
}

/** What the patches of deploy/ are for; the older kustomize wants group and version, and one object a patch. */
const PATCHED: readonly Target[] = [
  { group: 'apps', version: 'v1', kind: 'DaemonSet', name: 'coil-node' },
  { group: 'apps', version: 'v1', kind: 'Deployment', name: 'coil-controllers' },
  { group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'ClusterRole', name: 'coil-node' },
];

/**
 * Writes the kustomization.yaml of a folder anew for kustomize 2.0.3, which is in kubectl 1.14 to 1.20 and knows neither
 * folders as resources, nor components, nor patches of several objects. What is rendered stays the same.
 */
export async function writeForOldKustomize(folder: string): Promise<void> {
  const file = join(folder, 'kustomization.yaml');
  const { resources = [], components = [], patches = [], ...others } = await readKustomization(folder);
  const added = await Promise.all(components.map((component) => patchesOf(folder, component)));
  const all = [...added.flat(), ...patches];
  const translated = {
    ...others,
    resources: resources.filter(isFile),
    bases: resources.filter((resource) => !isFile(resource)),
    patchesJson6902: (await Promise.all(PATCHED.map((target) => joinPatches(folder, target, all)))).flat(),
  };
  await writeFile(file, stringify(translated));
  for (const base of translated.bases) await writeForOldKustomize(join(folder, base));
}

/** Those of a component, as seen from the folder. */
async function patchesOf(folder: string, component: string): Promise<readonly Patch[]> {
  const { patches = [] } = await readKustomization(join(folder, component));
  return patches.map(({ path, target }) => ({ path: join(component, path), target }));
}

/** Two patches of one object would be a conflict, though each only adds to a list: they become one. */
async function joinPatches(folder: string, target: Target, patches: readonly Patch[]): Promise<object[]> {
  const its = patches.filter(({ target: { kind, name } }) => matches(kind, target.kind) && matches(name, target.name));
  if (its.length === 0) return [];
  const texts = await Promise.all(its.map(({ path }) => readFile(join(folder, path), 'utf8')));
  const path = `patch-${target.kind}.yaml`;
  // Kubernetes reads YAML 1.1, where 0440 is octal
  const changes = texts.flatMap((text) => parse(text, { version: '1.1' }) as object[]);
  await writeFile(join(folder, path), stringify(changes));
  return [{ path, target }];
}

async function readKustomization(folder: string): Promise<Kustomization> {
  return parse(await readFile(join(folder, 'kustomization.yaml'), 'utf8')) as Kustomization;
}

function isFile(resource: string): boolean {
  return /\.ya?ml$/.test(resource);
}

/** As kustomize does: the whole name is to match. */
function matches(pattern: string, name: string): boolean {
  return new RegExp(`^(?:${pattern})$`).test(name);
}
