import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertDocumented, documented, promtool, promtoolMissing } from '../docs/metrics-page.ts';
import { eventually } from '../e2e/eventually.ts';
import type { ApiServer } from './api-server.ts';
import { ControllerScene } from './controller-scene.ts';

const LEADS = 'this process leads';

export function metricsCases(server: () => ApiServer): void {
  test('metrics tell of the cluster as the page says, and only the leader does', async () => {
    await using scene = await ControllerScene.create(server());
    await scene.addNode('node1');
    for (const node of ['node1', 'gone']) await scene.acquireBlock(node);
    // the tests beside this one share the Pods of the API server: none of them has this address
    await scene.assign('node1', '10.20.0.14', 'absent', '2019-08-25T00:00:00Z');
    const leader = await scene.start({ flags: ['--scan-interval=300ms'] });
    await leader.process.logged({ message: LEADS });
    const found = {
      coil_controller_leading: 1,
      coil_controller_nodes_released_total: 1,
      coil_controller_blocks_released_total: 1,
      'coil_controller_address_findings{kind="unused"}': 1,
      'coil_controller_address_findings{kind="conflicting"}': 0,
      'coil_pool_blocks{pool="default",family="4",subnet="10.20.0.0/24",state="owned"}': 1,
      'coil_pool_blocks{pool="default",family="4",subnet="10.20.0.0/24",state="free"}': 15,
      'coil_pool_block_addresses{pool="default"}': 16,
      'coil_pool_addresses_assigned{pool="default",family="4"}': 1,
    };
    const text = await eventually('all of it is told', async () => {
      const scraped = await scrape(leader.health);
      return Object.entries(found).every(([sample, value]) => scraped.includes(`\n${sample} ${value}\n`)) && scraped;
    });
    assert.match(text, /coil_kubernetes_requests_total\{method="GET",result="ok"\} [1-9]/);
    assertDocumented(text, documented('coil-controller', 'Both'));
    if (!promtoolMissing()) promtool(['check', 'metrics'], text);
    const other = await scene.start();
    await eventually('the other is ready', async () => (await fetch(`${other.health}/readyz`)).ok);
    const candidate = await scrape(other.health);
    assert.match(candidate, /^coil_controller_leading 0$/m);
    assert.doesNotMatch(candidate, /^coil_pool_/m);
    assert.equal((await fetch(`${other.health}/metrics`, { method: 'POST' })).status, 405);
  });

  test('requests that the API server refuses are counted by status', async () => {
    await using scene = await ControllerScene.create(server());
    const { process, health } = await scene.start({ flags: ['--namespace=absent'] });
    await process.logged({ message: 'cannot ask Kubernetes who leads; trying again' });
    assert.match(await scrape(health), /coil_kubernetes_requests_total\{method="GET",result="403"\} [1-9]/);
  });
}

async function scrape(health: string): Promise<string> {
  const answer = await fetch(`${health}/metrics`);
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  return await answer.text();
}
