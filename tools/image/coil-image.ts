import manifest from '../../package.json' with { type: 'json' };
import type { Image } from './image-archive.ts';
import { programLayer, systemLayer } from './layers.ts';

const ARCHITECTURES: Partial<Record<NodeJS.Architecture, string>> = { x64: 'amd64', arm64: 'arm64' };

/** The image of all programs as they were built in the folder `dist`, for this machine's architecture. */
export async function coilImage(dist: string, tag = `coil:${manifest.version}`): Promise<Image> {
  return {
    tag,
    architecture: imageArchitecture(),
    config: {
      Env: ['PATH=/usr/local/bin:/usr/bin:/bin'],
      Entrypoint: ['/usr/local/bin/hypercoil'],
      Labels: {
        'org.opencontainers.image.title': manifest.name,
        'org.opencontainers.image.description': manifest.description,
        'org.opencontainers.image.version': manifest.version,
        'org.opencontainers.image.licenses': manifest.license,
      },
    },
    layers: await Promise.all([systemLayer(dist), programLayer(dist)]),
  };
}

/** This machine's, as Go names it. @throws where hypercoil is not built for it */
export function imageArchitecture(): string {
  const architecture = ARCHITECTURES[process.arch];
  if (architecture === undefined) throw new Error(`hypercoil is not built for ${process.arch}`);
  return architecture;
}
