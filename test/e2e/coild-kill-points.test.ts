import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { DATASTORES } from './datastores.ts';
import type { NamedPoint } from './kill-point.ts';
import { killAtEvery } from './kill-run.ts';

const TIMEOUT_MS = 240_000;
/** What an ADD, and a start, cannot do without. */
const STEPS = [
  /^(etcd|sqlite): /,
  /^netlink: ip link add/,
  /^netlink: ip route append 10\..* table 119/,
  /^netlink: ip route append fd00:.* table 119/,
  /^netns: /,
  /^netlink: ip link set .* addressGeneration/,
  /^netlink: ip route get .* fe80:/,
  /^answer/,
  /^netlink: ip -6 route show table 119/,
];

describe('an ADD and a DEL in which coild is killed, and which are repeated then, with IPv4 and IPv6', {
  skip: needsRoot,
  concurrency: 2,
}, () => {
  for (const [name, openDatastore] of Object.entries(DATASTORES)) {
    test(`over ${name}: before any step, and after any change of the datastore, the end is the same`, {
      timeout: TIMEOUT_MS,
    }, async () => {
      const points = await killAtEvery(openDatastore, isWanted);
      for (const step of STEPS)
        assert.ok(
          points.some(({ what }) => step.test(what)),
          String(step),
        );
    });
  }
});

/** What comes after a step, and before the next, is the same; but for what goes on beside it. `make soak` has all. */
function isWanted({ when, what }: NamedPoint): boolean {
  return when === 'before' || !/^net(link|ns): /.test(what);
}
