import { execFile } from 'node:child_process';
import { appendFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { kustomizers } from './kustomizers.ts';
import { writeForOldKustomize } from './old-kustomize.ts';

export const DEPLOY = resolve(import.meta.dirname, '../../deploy');

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { configMapKeyRef?: { name: string } };
  }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; mountPropagation?: string }[];
  readonly securityContext: Readonly<Record<string, unknown>> & {
    readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
  };
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
}

interface Probe {
  readonly httpGet: { readonly host: string; readonly port: number; readonly path: string };
}

export interface PodSpec {
  readonly serviceAccountName: string;
  readonly terminationGracePeriodSeconds?: number;
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes: readonly {
    readonly name: string;
    readonly secret?: { readonly secretName: string };
    readonly hostPath?: { readonly path: string };
  }[];
}

/** The arguments of a container as kubelet gives them: with the values of its variables in place of `$(NAME)`. */
export function expandedArgs({ args = [], env = [] }: Container): string[] {
  return args.map((arg) =>
    arg.replaceAll(/\$\((\w+)\)/g, (text, name) => env.find((one) => one.name === name)?.value ?? text),
  );
}

interface Reference {
  readonly kind: string;
  readonly name: string;
}

/** An object of Kubernetes, with the members that the tests look at. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: {
    readonly template?: { readonly metadata?: { annotations?: Record<string, string> }; readonly spec: PodSpec };
    readonly replicas?: number;
    strategy?: object;
  };
  readonly rules?: readonly { readonly apiGroups: string[]; readonly resources: string[]; readonly verbs: string[] }[];
  readonly roleRef?: Reference;
  readonly subjects?: readonly Reference[];
  readonly data?: Readonly<Record<string, string>>;
}

/** The objects of a YAML file. @throws where it is not YAML, or a member stands twice */
export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text, { uniqueKeys: true }).map((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    return document.toJS() as Manifest;
  });
}

/** All YAML files below deploy/, as paths. */
export async function yamlFiles(): Promise<string[]> {
  const files = await readdir(DEPLOY, { recursive: true });
  return files.filter((file) => /\.ya?ml$/.test(file)).map((file) => join(DEPLOY, file));
}

/** The objects of deploy/base, as they stand in its files. */
export async function baseManifests(): Promise<Manifest[]> {
  const files = (await yamlFiles()).filter((file) => file.startsWith(join(DEPLOY, 'base/')));
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  return texts.flatMap(parseManifests).filter(({ kind }) => kind !== 'Kustomization');
}

/** `kubectl kustomize deploy/overlays/NAME`, with components, and files of certificates beside it where it takes any. */
export async function renderOverlay(name: string, ...components: readonly string[]): Promise<Manifest[]> {
  const prepare = async (folder: string): Promise<string> => {
    const overlay = join(folder, 'overlays', name);
    for (const file of ['ca.crt', 'client.crt', 'client.key']) await writeFile(join(overlay, file), `${file}\n`);
    const lines = components.map((component) => `  - ../../components/${component}\n`);
    if (lines.length > 0) await appendFile(join(overlay, 'kustomization.yaml'), `components:\n${lines.join('')}`);
    return overlay;
  };
  return parseManifests(await renderCopy(prepare));
}

/**
 * `kubectl kustomize FOLDER` of a copy of deploy/, by the first kubectl that `kustomizers` finds.
 * @param prepare changes the copy, as an administrator does, and says which folder of it is to be rendered
 */
export async function renderCopy(
  prepare: (folder: string) => Promise<string>,
  [kustomizer] = kustomizers(),
): Promise<string> {
  if (kustomizer === undefined) throw new Error('there is no kubectl that has kustomize in it');
  const folder = await mkdtemp(join(tmpdir(), 'ct-'));
  try {
    await cp(DEPLOY, folder, { recursive: true });
    const rendered = await prepare(folder);
    if (kustomizer.isOld) await writeForOldKustomize(rendered);
    const { stdout } = await promisify(execFile)(kustomizer.kubectl, ['kustomize', rendered], { timeout: 60_000 });
    return stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The template of the Pods of a DaemonSet or Deployment. */
export function podSpec(manifests: readonly Manifest[], name: string): PodSpec {
  const found = manifests.find(({ kind, metadata }) => /DaemonSet|Deployment/.test(kind) && metadata.name === name);
  if (found?.spec?.template === undefined) throw new Error(`there is no ${name}`);
  return found.spec.template.spec;
}

export function containersOf({ initContainers = [], containers }: PodSpec): readonly Container[] {
  return [...initContainers, ...containers];
}
