import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { IpPrefix } from '../../src/model/ip-prefix.ts';
import type { AddressRecord, NodeSnapshot } from '../../src/store/ipam-store.ts';
import { Journal } from '../../src/store/offline/journal.ts';
import type { MergeOptions } from '../../src/store/offline/merge-snapshot.ts';
import { NOTHING_UNDER_WAY } from '../../src/store/offline/mirror.ts';
import { assignmentOf, soon } from '../contract/store-fixture.ts';

export const owned = { pool: 'default', block: IpPrefix.parse('10.0.0.0/30') };

/** As where nothing is under way. */
export const MERGE: MergeOptions = { isRestored: false, isAskedFor: () => false, ...NOTHING_UNDER_WAY };

/** A container's address in the block of `owned`. */
export function recordOf(containerId: string, offset: number, revision: number): AddressRecord {
  return { block: owned.block, offset, assignment: assignmentOf(containerId), revision };
}

/** What the datastore says at a revision. */
export function at(revision: number, blocks = [owned], addresses: readonly AddressRecord[] = []): NodeSnapshot {
  return { kind: 'snapshot', revision, pools: new Map(), blocks, addresses, unreadable: [] };
}

/** What the journal says. */
export interface Look {
  readonly blocks: () => readonly string[];
  /** `CONTAINER OFFSET` each. */
  readonly addresses: () => readonly string[];
}

/** A test of a journal of its own. */
export function journalTest(name: string, body: (journal: Journal, look: Look) => void): void {
  test(name, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ct-'));
    try {
      await using journal = await Journal.open({ path: join(folder, 'j.db'), node: 'node1', prefix: '/' }, soon());
      body(journal, {
        blocks: () => journal.read(({ mirror }) => mirror.blocks.map(({ block }) => block.toString())),
        addresses: () =>
          (journal.snapshot?.addresses ?? []).map(({ offset, assignment }) => `${assignment.containerId} ${offset}`),
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}
