import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { main } from '../../src/programs/coilctl.ts';
import { runMain } from '../run-main.ts';
import { EtcdServer } from './etcd-server.ts';

// a real API server takes no Endpoints on loopback
const api = createServer((request, response) => {
  const [ip, port] = [etcd.host, etcd.port];
  const known = request.url === '/api/v1/namespaces/kube-system/endpoints/etcd';
  const object = { subsets: [{ addresses: [{ ip }], ports: [{ port }] }] };
  const refusal = { kind: 'Status', message: 'endpoints is forbidden' };
  response.writeHead(known ? 200 : 403, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(known ? object : refusal));
});
let etcd: EtcdServer;
let folder: string;
let env: Record<string, string>;
before(async () => {
  etcd = await EtcdServer.start();
  api.listen(0, '127.0.0.1');
  await once(api, 'listening');
  folder = await mkdtemp(join(tmpdir(), 'ct-'));
  env = { HOME: folder, KUBECONFIG: join(folder, 'kubeconfig') };
  const server = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  const config = {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'test' },
    clusters: [{ name: 'test', cluster: { server } }],
    users: [{ name: 'test', user: {} }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  };
  await writeFile(env.KUBECONFIG!, JSON.stringify(config));
});
after(async () => {
  api.close();
  api.closeAllConnections();
  await etcd[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

test('--etcd-endpoints=@NAME finds etcd by the Endpoints object of that name', async () => {
  const create = ['pool', 'create', 'default', '10.11.0.0/16', '5', '--etcd-endpoints=@etcd'];
  assert.deepEqual(await runMain(main, create, { env }), { status: 0, stdout: '', stderr: '' });
  const { stdout } = await runMain(main, ['pool', 'list', `--etcd-endpoints=${etcd.url}`], { env });
  assert.match(stdout, /^default:/);
});

test('where Kubernetes refuses, that is said', async () => {
  const { status, stderr } = await runMain(main, ['pool', 'list', '--etcd-endpoints=@other'], { env });
  assert.equal(status, 1);
  assert.match(stderr, /Kubernetes does not tell what etcd's endpoints @other stand for/);
});

test('outside of a Pod it takes a kubeconfig', async () => {
  const { status, stderr } = await runMain(main, ['pool', 'list', '--etcd-endpoints=@etcd'], { env: { HOME: folder } });
  assert.equal(status, 1);
  assert.match(stderr, /KUBECONFIG in the environment/);
});
