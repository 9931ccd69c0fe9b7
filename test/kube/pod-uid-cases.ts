import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyPodUids } from '../../src/programs/lazy-pod-uids.ts';
import type { ApiServer } from './api-server.ts';
import { ControllerScene } from './controller-scene.ts';

const soon = () => AbortSignal.timeout(15_000);

/** What coild asks with --ask-kubernetes, as a user that may list Pods. */
export function podUidCases(server: () => ApiServer): void {
  test('a Pod has the UID that the API server gave it, and another one when it is made anew', async () => {
    await using scene = await ControllerScene.create(server());
    const { namespace } = scene;
    using uids = new LazyPodUids({ KUBECONFIG: await server().kubeconfig() });
    await scene.addNode('node1');
    const path = `/api/v1/namespaces/${namespace}/pods/web-0`;
    const seen: string[] = [];
    for (const addresses of [[], ['10.20.0.1']]) {
      // what lags is the status: without an address, as after its ADD, it is there all the same
      await scene.addPod({ name: 'web-0', addresses });
      const { metadata } = (await server().admin.ask({ method: 'GET', path }, soon())) as { metadata: { uid: string } };
      assert.deepEqual([...(await uids.uidsOf(namespace, 'web-0', soon()))], [metadata.uid]);
      assert.equal((await uids.uidsOf(namespace, 'web-1', soon())).size, 0);
      seen.push(metadata.uid);
      await scene.delete(path);
      assert.equal((await uids.uidsOf(namespace, 'web-0', soon())).size, 0);
    }
    assert.notEqual(seen[0], seen[1]);
  });

  test('who may not ask, or asks a wrong server, is not told that there is no Pod', async () => {
    using stranger = new LazyPodUids({ KUBECONFIG: await server().kubeconfig({ token: 'unknown' }) });
    await assert.rejects(stranger.uidsOf('kube-system', 'web-0', soon()), /401|Unauthorized/);
    using lost = new LazyPodUids({ KUBECONFIG: await server().kubeconfig({ port: 1 }) });
    await assert.rejects(lost.uidsOf('kube-system', 'web-0', soon()), /127\.0\.0\.1:1.* failed/);
    await assert.rejects(new LazyPodUids({}).uidsOf('kube-system', 'web-0', soon()), /outside of a Pod/);
  });
}
