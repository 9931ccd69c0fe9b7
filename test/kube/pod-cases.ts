import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiServer } from './api-server.ts';
import type { LogLine } from './controller-process.ts';
import { ControllerScene } from './controller-scene.ts';

const UNUSED = 'found IP address which is assigned in DB but not used in Pods';
const UNASSIGNED = 'found IP address which is used in Pods but not assigned in DB';
const ANOTHERS = 'found IP address which is used in a Pod but assigned to another in DB';
const COMPARED = 'compared addresses and Pods';
const LONG_AGO = '2019-08-25T00:00:00Z';

export function podCases(server: () => ApiServer): void {
  test('tells of addresses without a Pod, and of Pods without an address', async () => {
    await using scene = await ControllerScene.create(server());
    await scene.addNode('node1');
    await scene.acquireBlock('node1');
    await scene.acquireBlock('node1', 6);
    await scene.assign('node1', '10.20.0.1', 'dual', LONG_AGO);
    await scene.assign('node1', 'fd20::1', 'dual', LONG_AGO);
    await scene.addPod({ name: 'dual', addresses: ['10.20.0.1', 'fd20::1'] });
    await scene.assign('node1', '10.20.0.2', 'leaked', LONG_AGO);
    await scene.assign('node1', '10.20.0.3', 'young');
    await scene.assign('node1', '10.20.0.4', 'done', LONG_AGO);
    await scene.addPod({ name: 'done', addresses: ['10.20.0.4'], phase: 'Succeeded' });
    await scene.assign('node1', '10.20.0.5', 'owner', LONG_AGO);
    await scene.addPod({ name: 'borrower', addresses: ['10.20.0.5'] });
    await scene.addPod({ name: 'unassigned', addresses: ['10.20.0.6', 'fd20::6'] });
    await scene.addPod({ name: 'finished', addresses: ['10.20.0.7'], phase: 'Succeeded' });
    await scene.addPod({ name: 'host', addresses: ['10.20.0.8'], hostNetwork: true });
    await scene.addPod({ name: 'foreign', addresses: ['192.168.7.1'] });
    await scene.addPod({ name: 'starting', addresses: [] });
    const { process } = await scene.start({ flags: ['--scan-interval=500ms', '--address-expiration=1h'] });
    await process.logged({ message: COMPARED });

    const found = process.log.slice(
      0,
      process.log.findIndex(({ message }) => message === COMPARED),
    );
    const told = (message: string, pick: (line: LogLine) => string) =>
      found.filter((line) => line.message === message).map(pick);
    const inWords = ({ severity, address, pod }: LogLine) => `${severity} ${address} ${pod}`;
    assert.deepEqual(told(UNUSED, inWords).sort(), ['warning 10.20.0.2 leaked', 'warning 10.20.0.4 done']);
    assert.deepEqual(told(UNASSIGNED, inWords).sort(), ['error 10.20.0.6 unassigned', 'error fd20::6 unassigned']);
    assert.deepEqual(
      told(ANOTHERS, (line) => `${inWords(line)} ${line.assigned_pod}`),
      ['error 10.20.0.5 borrower owner'],
    );
    const leaked = found.find(({ address }) => address === '10.20.0.2')!;
    const { block, namespace, container_id, created_at, node } = leaked;
    assert.deepEqual(
      { block, namespace, container_id, created_at, node },
      {
        block: '10.20.0.0/28',
        namespace: scene.namespace,
        container_id: 'container-of-leaked',
        created_at: LONG_AGO,
        node: scene.node('node1'),
      },
    );
  });
}
