import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CoilError } from '../../src/model/error.ts';
import { IpPrefix } from '../../src/model/ip-prefix.ts';
import type { BlockExporter, SyncReport } from '../../src/podnet/block-exporter.ts';

/** A node for one test: the port under test, and what else happens to the table. */
export interface BlockExporterFixture extends AsyncDisposable {
  readonly exporter: BlockExporter;
  addForeignRoute(block: IpPrefix): Promise<void>;
  /** Takes an exported route away behind the exporter's back. */
  removeRoute(block: IpPrefix): Promise<void>;
  /** From now on the node takes no route of IPv6, or does again. */
  switchIpv6(isOn: boolean): Promise<void>;
  /** `BLOCK own` and `BLOCK foreign`, a line a route, sorted. */
  print(): Promise<string>;
}

export interface BlockExporterSetup {
  readonly open: () => Promise<BlockExporterFixture>;
  /** Why the tests cannot run here. */
  readonly skip?: string | false;
  /** Random sequences that are tried. */
  readonly runs: number;
}

const soon = (): AbortSignal => AbortSignal.timeout(20_000);
const blocks = (...texts: string[]): IpPrefix[] => texts.map((text) => IpPrefix.parse(text));
const texts = ({ added, removed }: SyncReport): string[][] => [added.map(String).sort(), removed.map(String).sort()];
const lines = (...given: string[]): string =>
  given
    .sort()
    .map((line) => `${line}\n`)
    .join('');

/** What every implementation of BlockExporter promises. */
export function blockExporterContract({ open, skip = false, runs }: BlockExporterSetup): void {
  const exporterTest = (name: string, body: (fixture: BlockExporterFixture) => Promise<void>): void => {
    test(name, { skip }, async () => {
      await using fixture = await open();
      await body(fixture);
    });
  };

  exporterTest(
    'sync adds what is missing, takes away what is too much, and reports it',
    async ({ exporter, print }) => {
      const both = blocks('10.2.0.0/27', 'fd00:2::/123');
      assert.deepEqual(texts(await exporter.sync(both, soon())), [['10.2.0.0/27', 'fd00:2::/123'], []]);
      assert.equal(await print(), lines('10.2.0.0/27 own', 'fd00:2::/123 own'));
      const next = blocks('10.2.0.32/27', 'fd00:2::/123');
      assert.deepEqual(texts(await exporter.sync(next, soon())), [['10.2.0.32/27'], ['10.2.0.0/27']]);
      assert.equal(await print(), lines('10.2.0.32/27 own', 'fd00:2::/123 own'));
      assert.deepEqual(texts(await exporter.sync([], soon())), [[], ['10.2.0.32/27', 'fd00:2::/123']]);
      assert.equal(await print(), '');
    },
  );

  for (const isGrowing of [false, true]) {
    const how = isGrowing ? 'quickly' : 'after a look at all';
    exporterTest(`a block that is refused keeps no other from being exported, ${how}`, async (fixture) => {
      const { exporter, print } = fixture;
      const [first, refused, last] = blocks('10.2.0.0/27', 'fd00:2::/123', '10.2.0.32/27');
      await exporter.sync([first!], soon());
      await fixture.switchIpv6(false);
      const report = await exporter.sync([first!, refused!, last!], soon(), { isGrowing });
      assert.deepEqual(texts(report), [[String(last)], []]);
      assert.deepEqual(
        report.refused.map(({ block, error }) => [block, CoilError.is(error, 'network')]),
        [[refused, true]],
      );
      assert.equal(await print(), lines('10.2.0.0/27 own', '10.2.0.32/27 own'));
      await fixture.switchIpv6(true);
      const next = await exporter.sync([first!, refused!, last!], soon(), { isGrowing });
      assert.deepEqual([texts(next), next.refused], [[[String(refused)], []], []]);
      assert.equal(await print(), lines('10.2.0.0/27 own', '10.2.0.32/27 own', 'fd00:2::/123 own'));
    });
  }

  exporterTest('a second sync of the same changes nothing', async ({ exporter, print }) => {
    const desired = blocks('10.2.0.0/27', '10.2.0.0/27', 'fd00:2::/123', '10.2.0.64/32', 'fd00:2::40/128');
    await exporter.sync(desired, soon());
    const before = await print();
    assert.deepEqual(texts(await exporter.sync(desired, soon())), [[], []]);
    assert.equal(await print(), before);
  });

  exporterTest('blocks come to those that are exported, by a quick look too', async ({ exporter, print }) => {
    const [first, second, third] = blocks('10.2.0.0/27', 'fd00:2::/123', '10.2.0.32/27') as [
      IpPrefix,
      IpPrefix,
      IpPrefix,
    ];
    const isGrowing = true;
    assert.deepEqual(texts(await exporter.sync([first], soon(), { isGrowing })), [[String(first)], []]);
    assert.deepEqual(texts(await exporter.sync([first, second], soon(), { isGrowing })), [[String(second)], []]);
    assert.equal(await print(), lines('10.2.0.0/27 own', 'fd00:2::/123 own'));
    // one that has gone is no growth
    const report = await exporter.sync([second, third], soon(), { isGrowing });
    assert.deepEqual(texts(report), [[String(third)], [String(first)]]);
    assert.equal(await print(), lines('10.2.0.32/27 own', 'fd00:2::/123 own'));
  });

  exporterTest('what a quick look may miss, the next sync puts right', async ({ exporter, print, removeRoute }) => {
    const both = blocks('10.2.0.0/27', 'fd00:2::/123');
    await exporter.sync(both.slice(0, 1), soon());
    await removeRoute(both[0]!);
    await exporter.sync(both, soon(), { isGrowing: true });
    await exporter.sync(both, soon());
    assert.equal(await print(), lines('10.2.0.0/27 own', 'fd00:2::/123 own'));
  });

  exporterTest('a route that was lost comes back', async ({ exporter, print, removeRoute }) => {
    const desired = blocks('10.2.0.0/27', 'fd00:2::/123');
    await exporter.sync(desired, soon());
    const before = await print();
    for (const block of desired) {
      await removeRoute(block);
      assert.deepEqual(texts(await exporter.sync(desired, soon())), [[String(block)], []]);
    }
    assert.equal(await print(), before);
  });

  exporterTest("others' routes stay, also those to a block of ours", async ({ exporter, print, addForeignRoute }) => {
    const shared = blocks('10.2.0.0/27', 'fd00:2::/123');
    const foreign = [...shared, ...blocks('10.9.0.0/16', 'fd00:9::/64')];
    for (const block of foreign) await addForeignRoute(block);
    const before = await print();
    assert.deepEqual(texts(await exporter.sync(shared, soon())), [shared.map(String), []]);
    assert.equal(await print(), lines(...before.trim().split('\n'), ...shared.map((block) => `${block} own`)));
    assert.deepEqual(texts(await exporter.sync(shared, soon())), [[], []]);
    await exporter.sync([], soon());
    assert.equal(await print(), before);
  });

  exporterTest('of calls that overlap, the last one counts', async ({ exporter, print }) => {
    const states = [blocks('10.2.0.0/27'), blocks('10.2.0.32/27', 'fd00:2::/123'), blocks('10.2.0.64/27')];
    await Promise.all(states.map((state) => exporter.sync(state, soon())));
    assert.equal(await print(), lines('10.2.0.64/27 own'));
  });

  exporterTest('an aborted call rejects with the reason, and changes nothing', async ({ exporter, print }) => {
    const reason = new Error('no longer wanted');
    await assert.rejects(exporter.sync(blocks('10.2.0.0/27'), AbortSignal.abort(reason)), reason);
    assert.equal(await print(), '');
  });

  exporterTest('whatever came before, the table holds what was asked for last', async ({ exporter, print }) => {
    const universe = Array.from({ length: 6 }, (_, i) => blocks(`10.2.0.${i * 32}/27`, `fd00:2::${i}0/124`)).flat();
    const states = fc.array(fc.shuffledSubarray(universe), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(states, async (sequence) => {
        for (const state of sequence) await exporter.sync(state, soon());
        assert.equal(await print(), lines(...sequence.at(-1)!.map((block) => `${block} own`)));
      }),
      { numRuns: runs },
    );
  });
}
