import type { Scene } from './scene.ts';

/** What a container runtime may rely on, whichever client it calls. */
export interface ConformanceCase {
  readonly name: string;
  readonly run: (scene: Scene) => Promise<void>;
}
