import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressPool } from '../model/address-pool.ts';
import { IpPrefix } from '../model/ip-prefix.ts';
import { PrometheusMetrics } from '../process/prometheus-metrics.ts';
import { ControllerMetrics } from './controller-metrics.ts';

const block = (text: string, pool = 'web') => ({ pool, block: IpPrefix.parse(text) });
const POOL = new AddressPool(['10.0.0.0/24', '2001:db8::/120'].map(IpPrefix.parse), 4);
const OWNED = new Map([
  ['node1', [block('10.0.0.0/28'), block('2001:db8::/124')]],
  ['node2', [block('10.0.0.16/28')]],
]);

function scene() {
  const metrics = new PrometheusMetrics();
  const store = {
    listPools: async () => new Map([['web', POOL]]),
    listBlocks: async () => OWNED,
    releaseNode: async (node: string) => OWNED.get(node) ?? [],
  };
  const controller = new ControllerMetrics(store, metrics);
  const samples = async (name: string) => {
    const { text } = await metrics.exposition();
    return text.split('\n').filter((line) => line.startsWith(name));
  };
  return { controller, samples };
}

test('only the leader tells of pools', async () => {
  const { controller, samples } = scene();
  assert.deepEqual(await samples('coil_pool_'), []);
  assert.deepEqual(await samples('coil_controller_leading'), ['coil_controller_leading 0']);
  controller.lead(true);
  assert.deepEqual(await samples('coil_controller_leading'), ['coil_controller_leading 1']);
  assert.deepEqual(await samples('coil_pool_'), [
    'coil_pool_blocks{pool="web",family="4",subnet="10.0.0.0/24",state="owned"} 2',
    'coil_pool_blocks{pool="web",family="4",subnet="10.0.0.0/24",state="free"} 14',
    'coil_pool_blocks{pool="web",family="6",subnet="2001:db8::/120",state="owned"} 1',
    'coil_pool_blocks{pool="web",family="6",subnet="2001:db8::/120",state="free"} 15',
    'coil_pool_block_addresses{pool="web"} 16',
  ]);
  controller.lead(false);
  assert.deepEqual(await samples('coil_pool_'), []);
});

test('nodes and blocks that were released are counted', async () => {
  const { controller, samples } = scene();
  await controller.releasing.releaseNode('node1', new AbortController().signal);
  assert.deepEqual(await samples('coil_controller_nodes'), ['coil_controller_nodes_released_total 1']);
  assert.deepEqual(await samples('coil_controller_blocks'), ['coil_controller_blocks_released_total 2']);
});

test('of comparisons the last one that succeeded tells', async () => {
  const { controller, samples } = scene();
  assert.deepEqual(await samples('coil_controller_address_findings'), []);
  const assigned = [{ labels: { pool: 'web', family: '4' }, value: 9 }];
  controller.scanned({ kinds: { unused: 3, unrecorded: 1, conflicting: 0 }, assigned });
  controller.scanned(undefined);
  assert.deepEqual(await samples('coil_controller_address'), [
    'coil_controller_address_scans_total{result="ok"} 1',
    'coil_controller_address_scans_total{result="failed"} 1',
    'coil_controller_address_findings{kind="unused"} 3',
    'coil_controller_address_findings{kind="unrecorded"} 1',
    'coil_controller_address_findings{kind="conflicting"} 0',
  ]);
  assert.deepEqual(await samples('coil_pool_addresses'), ['coil_pool_addresses_assigned{pool="web",family="4"} 9']);
});
