import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OpenedStore } from '../../src/store/open-store.ts';
import { ReclaimScene, type ReclaimSceneOptions } from './reclaim-scene.ts';
import { SqliteFixture } from './sqlite-fixture.ts';
import { poolOf, soon } from './store-fixture.ts';

/** The container of a Pod. */
export const A = { container: 'a' };

export interface ReclaimSetup {
  readonly store: OpenedStore;
  readonly scene: ReclaimScene;
}

/** A test over a store with a pool `default`, a block of four addresses after another. */
export function reclaimTest(
  name: string,
  body: (setup: ReclaimSetup) => Promise<void>,
  options: ReclaimSceneOptions & { readonly before?: (store: OpenedStore) => Promise<void> } = {},
): void {
  test(name, { timeout: 30_000 }, async () => {
    using fixture = new SqliteFixture();
    await using store = await fixture.open({ pollMs: 10 });
    await store.createPool('default', poolOf(2, '10.0.0.0/28'), soon());
    await options.before?.(store);
    await using scene = new ReclaimScene(store, options);
    await scene.node.sync.ready(soon());
    await body({ store, scene });
  });
}

export async function until(condition: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 5_000; !condition(); await new Promise(setImmediate))
    assert.ok(performance.now() < deadline, 'not within 5 s');
}
