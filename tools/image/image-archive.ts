import { createHash } from 'node:crypto';
import { sizeOf, type TarEntry, tar } from './tar.ts';

/** What containers of the image start as, by the OCI image specification (config.md). */
export interface ImageConfig {
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
}

export interface Image {
  /** `coil:2.0.0` */
  readonly tag: string;
  /** As Go names it: amd64, arm64. */
  readonly architecture: string;
  readonly config: ImageConfig;
  /** From the lowest. */
  readonly layers: readonly (readonly TarEntry[])[];
}

interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly pieces: readonly Uint8Array[];
}

const OCI = 'application/vnd.oci.image';

/**
 * An archive of the image, in pieces: an OCI image layout (image-layout.md), which also has the `manifest.json` that
 * `docker load` reads. The same image always gives the same bytes.
 */
export function imageArchive({ tag, architecture, config, layers }: Image): Uint8Array[] {
  const blobs = layers.map((entries) => blob(`${OCI}.layer.v1.tar`, tar(entries)));
  const configBlob = jsonBlob(`${OCI}.config.v1+json`, {
    created: new Date(0).toISOString(),
    architecture,
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: blobs.map(({ digest }) => digest) },
  });
  const mediaType = `${OCI}.manifest.v1+json`;
  const manifest = jsonBlob(mediaType, {
    schemaVersion: 2,
    mediaType,
    config: descriptor(configBlob),
    layers: blobs.map(descriptor),
  });
  const annotations = { 'io.containerd.image.name': fullName(tag), 'org.opencontainers.image.ref.name': tag };
  const index = { ...descriptor(manifest), platform: { architecture, os: 'linux' }, annotations };
  const docker = { Config: blobPath(configBlob), RepoTags: [tag], Layers: blobs.map(blobPath) };
  return tar([
    file('oci-layout', { imageLayoutVersion: '1.0.0' }),
    file('index.json', { schemaVersion: 2, mediaType: `${OCI}.index.v1+json`, manifests: [index] }),
    file('manifest.json', [docker]),
    { path: 'blobs', mode: 0o755, folder: true },
    { path: 'blobs/sha256', mode: 0o755, folder: true },
    ...[manifest, configBlob, ...blobs].map((one) => ({ path: blobPath(one), mode: 0o644, content: one.pieces })),
  ]);
}

/** What Docker and containerd take `coil:2.0.0` for: `docker.io/library/coil:2.0.0`. */
export function fullName(tag: string): string {
  const [first, ...rest] = tag.split('/');
  if (rest.length === 0) return `docker.io/library/${tag}`;
  return /[.:]|^localhost$/.test(first!) ? tag : `docker.io/${tag}`;
}

function blob(mediaType: string, pieces: readonly Uint8Array[]): Blob {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return { mediaType, digest: `sha256:${hash.digest('hex')}`, size: sizeOf(pieces), pieces };
}

function jsonBlob(mediaType: string, value: object): Blob {
  return blob(mediaType, [Buffer.from(JSON.stringify(value))]);
}

function descriptor({ mediaType, digest, size }: Blob): { mediaType: string; digest: string; size: number } {
  return { mediaType, digest, size };
}

function blobPath({ digest }: Blob): string {
  return `blobs/${digest.replace(':', '/')}`;
}

function file(path: string, value: object): TarEntry {
  return { path, mode: 0o644, content: Buffer.from(JSON.stringify(value)) };
}
