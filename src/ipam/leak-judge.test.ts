import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nullLogger } from '../process/logger.ts';
import { LeakJudge } from './leak-judge.ts';

/** More than a look asks the API server for. */
const HELD = 250;

test('Pods that the API server has keep it from being asked for none of the others', async () => {
  const podUids = { uidsOf: async (_: string, pod: string) => new Set(pod === 'gone' ? [] : [`uid-of-${pod}`]) };
  const links = { look: async () => ({ has: () => false, unclaimed: () => [] }) };
  const judge = new LeakJudge({ links, hostIfname: () => 'veth', podUids, logger: nullLogger });
  const names = [...Array.from({ length: HELD }, (_, i) => `held-${i}`), 'gone'];
  const all = names.map((pod) => {
    const whose = { containerId: pod, ifname: 'eth0', namespace: 'default', pod, podUid: `uid-of-${pod}` };
    return { ...whose, records: [], key: pod };
  });
  const proven: string[][] = [];
  for (let look = 0; look < 6; look++) {
    proven.push([...(await judge.judge(all, AbortSignal.timeout(10_000))).keys()]);
  }
  // once it is found, it is asked for at each look
  assert.deepEqual(proven, [[], [], ['gone'], ['gone'], ['gone'], ['gone']]);
});
