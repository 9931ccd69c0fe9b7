import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeRequest } from './kube-client.ts';
import { KubePodUids } from './kube-pod-uids.ts';

const signal = AbortSignal.timeout(10_000);
const pod = (metadata: object, more: object = {}) => ({
  metadata: { name: 'web-0', namespace: 'shop', ...metadata },
  ...more,
});

function asking(answer: unknown) {
  const asked: KubeRequest[] = [];
  const ask = async (request: KubeRequest) => {
    asked.push(request);
    return answer;
  };
  return { asked, uids: new KubePodUids({ client: { ask } }) };
}

const CASES: Record<string, [items: object[], uids: string[]]> = {
  'Pod status that lags: neither address nor phase is needed': [[pod({ uid: 'u1' }, { status: {} })], ['u1']],
  'a stale node name: a Pod counts on whatever node it is': [
    [pod({ uid: 'u1' }, { spec: { nodeName: 'new-name' } })],
    ['u1'],
  ],
  'host-network Pods count by their own UID alone': [
    [pod({ uid: 'u2' }, { spec: { hostNetwork: true }, status: { podIP: '10.0.0.1' } })],
    ['u2'],
  ],
  'a Pod that has finished, or is being deleted, is still there': [
    [pod({ uid: 'u1', deletionTimestamp: '2026-01-01T00:00:00Z' }, { status: { phase: 'Failed' } })],
    ['u1'],
  ],
  'a static Pod goes by the hash of its manifest too': [
    [
      pod({
        uid: 'mirror',
        annotations: { 'kubernetes.io/config.mirror': 'hash', 'kubernetes.io/config.hash': 'hash' },
      }),
    ],
    ['mirror', 'hash'],
  ],
  'no Pod of the name has none': [[], []],
  'what a server gives that does not heed the selector is not taken for it': [[pod({ name: 'web-1', uid: 'u3' })], []],
};
for (const [what, [items, expected]] of Object.entries(CASES)) {
  test(what, async () => {
    const { uids, asked } = asking({ metadata: {}, items });
    assert.deepEqual([...(await uids.uidsOf('shop', 'web-0', signal))], expected);
    assert.equal(asked[0]?.path, '/api/v1/namespaces/shop/pods');
    assert.equal(asked[0]?.query?.fieldSelector, 'metadata.name=web-0');
  });
}

for (const [what, answer] of Object.entries({
  'an answer that is no list': { kind: 'Status', code: 200 },
  'a Pod without a UID': { items: [pod({})] },
})) {
  test(`${what} proves nothing`, async () => {
    await assert.rejects(asking(answer).uids.uidsOf('shop', 'web-0', signal));
  });
}
