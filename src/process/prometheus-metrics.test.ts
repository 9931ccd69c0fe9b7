import assert from 'node:assert/strict';
import { test } from 'node:test';
import { single } from './metrics.ts';
import { PrometheusMetrics } from './prometheus-metrics.ts';

async function samples(metrics: PrometheusMetrics): Promise<string[]> {
  const { text } = await metrics.exposition();
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

test('counters begin at 0 where they are told to, and count', async () => {
  const metrics = new PrometheusMetrics();
  const calls = metrics.counter({ name: 'a_total', help: 'A', labels: ['result'], from: [{ result: 'ok' }] });
  const plain = metrics.counter({ name: 'b_total', help: 'B' });
  assert.deepEqual(await samples(metrics), ['a_total{result="ok"} 0', 'b_total 0']);
  calls.add({ result: 'ok' });
  calls.add({ result: 'no' }, 3);
  plain.add({}, 2);
  assert.deepEqual(await samples(metrics), ['a_total{result="ok"} 1', 'a_total{result="no"} 3', 'b_total 2']);
});

test('who counts waits for nothing, and what was counted is there at the next scrape, however much it is', async () => {
  const metrics = new PrometheusMetrics();
  const calls = metrics.counter<'who'>({ name: 'a_total', help: 'A', labels: ['who'] });
  let worked = 0;
  const who = { toString: () => String(worked++ && 'me') };
  calls.add({ who: who as unknown as string });
  assert.equal(worked, 0, 'nothing is worked in at once');
  for (let i = 0; i < 2500; i++) calls.add({ who: 'x' });
  assert.ok((await samples(metrics)).includes('a_total{who="x"} 2500'));
  assert.ok(worked > 0);
});

test('a histogram has its buckets', async () => {
  const metrics = new PrometheusMetrics();
  const durations = metrics.histogram({ name: 'd_seconds', help: 'D', labels: ['what'], buckets: [0.1, 1] });
  durations.observe({ what: 'x' }, 0.5);
  assert.deepEqual(await samples(metrics), [
    'd_seconds_bucket{le="0.1",what="x"} 0',
    'd_seconds_bucket{le="1",what="x"} 1',
    'd_seconds_bucket{le="+Inf",what="x"} 1',
    'd_seconds_sum{what="x"} 0.5',
    'd_seconds_count{what="x"} 1',
  ]);
});

test('gauges are read at each scrape; what is not so any more is gone, and what cannot be read does not hinder', async () => {
  const metrics = new PrometheusMetrics();
  let pools = ['web', 'db'];
  let isBroken = false;
  metrics.gauge({ name: 'blocks', help: 'B', labels: ['pool'] }, () =>
    pools.map((pool, value) => ({ labels: { pool }, value })),
  );
  metrics.gauge({ name: 'broken', help: 'B' }, async () => {
    if (isBroken) throw new Error('cannot');
    return single(7);
  });
  metrics.total({ name: 'cpu_total', help: 'C' }, () => single(1.5));
  assert.deepEqual(await samples(metrics), [
    'blocks{pool="web"} 0',
    'blocks{pool="db"} 1',
    'broken 7',
    'cpu_total 1.5',
  ]);
  pools = ['db'];
  isBroken = true;
  assert.deepEqual(await samples(metrics), ['blocks{pool="db"} 0', 'cpu_total 1.5']);
});

test('who asks at the same time gets the same', async () => {
  const metrics = new PrometheusMetrics();
  let reads = 0;
  metrics.gauge({ name: 'reads', help: 'R' }, async () => {
    reads++;
    await new Promise(setImmediate);
    return single(reads);
  });
  const answers = await Promise.all([samples(metrics), samples(metrics)]);
  assert.deepEqual(answers, [['reads 1'], ['reads 1']]);
  assert.deepEqual(await samples(metrics), ['reads 2']);
});
