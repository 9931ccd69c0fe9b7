import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { asProcess } from '../contract/cni-client.ts';
import { ALERTS, assertDocumented, documented, promtool, promtoolMissing } from '../docs/metrics-page.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { DATASTORES } from './datastores.ts';
import { eventually } from './eventually.ts';
import { makeRequests } from './http-errand.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { Scene } from './scene.ts';

const METRICS = { host: '127.0.0.1', port: 9385 };
const REST = { host: '127.0.0.1', port: 9383 };
const PROMETHEUS = { host: '127.0.0.1', port: 9090 };
const noPrometheus = spawnSync('prometheus', ['--version']).error ? 'prometheus is not installed' : false;

describe('the metrics of coild', { skip: needsRoot }, () => {
  let node: NodeUnderTest;
  before(async () => {
    node = await NodeUnderTest.start(DATASTORES.sqlite, '--metrics=127.0.0.1:9385', '--address-rest=1h');
  });
  after(() => node[Symbol.asyncDispose]());

  const get = async (to: Parameters<typeof makeRequests>[1]['to'], path: string, method = 'GET') => {
    const [answer] = await makeRequests(node.netns.path, { to, requests: [{ path, method }] });
    return answer!;
  };
  const scrape = async () => {
    const { status, body } = await get(METRICS, '/metrics');
    assert.equal(status, 200, body);
    return body;
  };
  const value = (text: string, sample: string) => {
    const line = text.split('\n').find((one) => one.startsWith(`${sample} `));
    return line === undefined ? undefined : Number(line.split(' ').at(-1));
  };

  test('tell what was asked, and what the node has', async () => {
    await using scene = new Scene(node, asProcess(node.dist.coil));
    const [a, b] = [await scene.sandbox(), await scene.sandbox()];
    for (const sandbox of [a, b]) await sandbox.add();
    await b.del();
    assert.equal((await get({ socketPath: node.socket }, '/ip/a/b')).status, 400);
    const text = await scrape();
    assert.equal(value(text, 'coil_cni_requests_total{command="ADD",result="ok"}'), 2);
    assert.equal(value(text, 'coil_cni_requests_total{command="DEL",result="ok"}'), 1);
    assert.equal(value(text, 'coil_cni_request_duration_seconds_count{command="ADD"}'), 2);
    assert.equal(value(text, 'coil_http_requests_total{method="GET",route="/ip/*",status="400"}'), 1);
    assert.equal(value(text, 'coil_node_blocks{pool="default",family="4",state="exported"}'), 1);
    assert.equal(value(text, 'coil_node_addresses{pool="default",family="4",state="used"}'), 1);
    assert.equal(value(text, 'coil_node_addresses{pool="default",family="4",state="resting"}'), 1);
    assert.equal(value(text, 'coil_node_addresses{pool="default",family="4",state="free"}'), 254);
    assert.equal(value(text, 'coil_datastore_requests_total{operation="allocate",result="ok"}'), 2);
    assert.equal(value(text, 'coil_datastore_watches_total'), 1);
    for (const sample of ['coil_node_ready', 'coil_node_session_held', 'coil_datastore_watch_up'])
      assert.equal(value(text, sample), 1, sample);
    assert.equal(value(text, 'coil_del_spool_files'), 0);
    assert.ok(value(text, 'process_resident_memory_bytes')! > 20e6);
  });

  test('tell of errors, by the number that the runtime sees', async () => {
    const failed = 'coil_cni_requests_total{command="ADD",result="4"}';
    const before = value(await scrape(), failed) ?? 0;
    const headers = { 'CNI-Command': 'ADD' };
    const request = { method: 'POST', path: '/cni', headers, body: '{"cniVersion":"1.1.0","name":"k8s"}' };
    const madeUp = { ...request, headers: { 'CNI-Command': 'MADE-UP' } };
    await makeRequests(node.netns.path, { to: { socketPath: node.socket }, requests: [request, madeUp] });
    const text = await scrape();
    assert.equal(value(text, failed), before + 1);
    assert.doesNotMatch(text, /MADE-UP/);
    assert.match(text, /coil_cni_requests_total\{command="other",result="\d+"\} 1/);
  });

  test('tell what somebody took away', async () => {
    await node.netns.ip('route flush table 119');
    await eventually('the repair counted', async () => {
      return value(await scrape(), 'coil_network_repairs_total{part="block"}') === 1;
    });
  });

  test('are the same everywhere, and nothing else is served at --metrics', async () => {
    const texts = [await scrape(), (await get(REST, '/metrics')).body];
    texts.push((await get({ socketPath: node.socket }, '/metrics')).body);
    const names = texts.map((text) => [...text.matchAll(/^# TYPE (\w+)/gm)].map((match) => match[1]).join());
    assert.equal(new Set(names).size, 1);
    assert.equal((await get(METRICS, '/status')).status, 404);
    assert.equal((await get(METRICS, '/metrics', 'POST')).status, 405);
    assert.equal((await get(REST, '/metrics', 'POST')).status, 405);
  });

  test('are those of docs/metrics.md', async () => {
    assertDocumented(await scrape(), documented('coild', 'Both'));
  });

  test('are such that promtool finds nothing wrong', { skip: promtoolMissing() }, async () => {
    promtool(['check', 'metrics'], await scrape());
  });

  test('are scraped by Prometheus, which takes the rules', { skip: noPrometheus, timeout: 60_000 }, async () => {
    await using _prometheus = await startPrometheus(node);
    const ask = async (path: string) => {
      const { status, body } = await get(PROMETHEUS, path);
      return status === 200 ? JSON.parse(body).data : undefined;
    };
    const query = async (text: string) => (await ask(`/api/v1/query?query=${encodeURIComponent(text)}`))?.result;
    const found = await eventually('a scrape', async () => {
      const result = await query('sum(coil_node_addresses)');
      return result?.length > 0 && result;
    });
    assert.equal(Number(found[0].value[1]), 256);
    const { groups } = await ask('/api/v1/rules');
    assert.ok(groups[0].rules.length > 5);
    // quantiles, ratios and matches between metrics: what only an evaluation finds wrong
    for (const { query: text, name } of groups[0].rules) assert.ok(await query(text), name);
  });
});

async function startPrometheus(node: NodeUnderTest): Promise<AsyncDisposable> {
  const file = join(node.folder, 'prometheus.yml');
  const target = `${METRICS.host}:${METRICS.port}`;
  await writeFile(
    file,
    `global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
rule_files: [${JSON.stringify(fileURLToPath(ALERTS))}]
scrape_configs: [{ job_name: coild, static_configs: [{ targets: ["${target}"] }] }]
`,
  );
  const listen = `--web.listen-address=${PROMETHEUS.host}:${PROMETHEUS.port}`;
  const data = `--storage.tsdb.path=${join(node.folder, 'tsdb')}`;
  const args = [`--net=${node.netns.path}`, 'setpriv', '--pdeathsig=KILL', 'prometheus', `--config.file=${file}`];
  const child: ChildProcess = spawn('nsenter', [...args, data, listen, '--log.level=error'], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
