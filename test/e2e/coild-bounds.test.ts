import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { parseCoildAddress } from '../../src/cni/client/coild-address.ts';
import { handOver } from '../../src/cni/client/handover.ts';
import { servingLimits } from '../../src/coild/serving-limits.ts';
import { openFilesLimit } from '../../src/process/open-files.ts';
import { asProcess } from '../contract/cni-client.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { CoildProcess } from './coild-process.ts';
import { DATASTORES, type OpenDatastore } from './datastores.ts';
import { eventually } from './eventually.ts';
import { MemoryCgroup, memoryCgroupsMissing } from './memory-cgroup.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { Sandbox } from './sandbox.ts';

const FILES = 256;
const MEMORY_BYTES = 128 << 20;
const PODS = 200;
const MANY = 1000;
/** For the calls that wait, and for what has to be said to the others. */
const MORE_MEMORY_MB = 64;
const CALL_MS = 55_000;

test(`coild in 128 MiB and with ${FILES} open files serves ${PODS} ADDs at once, and their DELs`, {
  skip: needsRoot || memoryCgroupsMissing(),
  timeout: 120_000,
}, async () => {
  await using cgroup = await MemoryCgroup.create(MEMORY_BYTES);
  await using node = await NodeUnderTest.create(DATASTORES.etcd);
  const client = asProcess(node.dist.coil);
  const sandboxes: Sandbox[] = [];
  for (let i = 0; i < PODS; i++) sandboxes.push(await Sandbox.create(node, client));
  const executable = [...cgroup.entering, '/usr/bin/prlimit', `--nofile=${FILES}`, node.dist.coild];
  // with the REST API over TCP, as most run it
  const coild = spawn(node, { executable, flags: node.flags() });
  await coild.logged('read the state of this node');
  const results = await Promise.all(sandboxes.map((sandbox) => sandbox.add()));
  assert.equal(new Set(results.flatMap(({ ips }) => ips.map(({ address }) => address))).size, PODS);
  await Promise.all(sandboxes.map((sandbox) => sandbox.del()));
  assert.equal(await cgroup.kills(), 0);
  assert.doesNotMatch(coild.output, /EMFILE|ENFILE/);
  assert.equal(await coild.stop(), 0);
});

test(`of ${MANY} ADDs at once, while etcd is silent, as many wait as may; the others are told to come again`, {
  skip: needsRoot,
  timeout: 180_000,
}, async () => {
  await using node = await NodeUnderTest.create(heldEtcd);
  const coild = spawn(node, { executable: node.dist.coild, flags: node.flags('--http=') });
  await coild.logged('coild is listening');
  const before = coild.ownMemoryMb;
  const answers: number[] = [];
  const refusals: string[] = [];
  const calls = Array.from({ length: MANY }, async () => {
    const { status, body } = await addOfNobody(node.socket);
    answers.push(status);
    const { code, msg } = JSON.parse(body.toString()) as { readonly code: number; readonly msg: string };
    if (code === 11) refusals.push(msg);
    return code;
  });
  const { atOnce, waiting, connections } = servingLimits(openFilesLimit());
  assert.ok(connections >= MANY, 'this process has too few open files for the test');
  await eventually('the others are told', async () => refusals.length === MANY - atOnce - waiting, 20_000);
  assert.match(refusals[0]!, /^32 calls of ADD are under way in coild, and 480 wait, which is all it takes/);
  const more = coild.ownMemoryMb - before;
  assert.ok(more < MORE_MEMORY_MB, `${more} MB`);
  // STATUS waits for nobody
  const sandbox = await Sandbox.create(node, asProcess(node.dist.coil));
  assert.equal((await sandbox.fail('STATUS')).code, 50);
  node.datastore.restore();
  // who waited gets its turn: there is no such namespace
  const codes = await Promise.all(calls);
  assert.equal(codes.filter((code) => code === 8).length, atOnce + waiting);
  assert.equal(answers.length, MANY);
  await sandbox.add();
});

/** etcd behind a link that is silent until `restore`. */
const heldEtcd: OpenDatastore = async (where) => {
  const datastore = await DATASTORES.etcd(where);
  datastore.hold!();
  return datastore;
};

function spawn(node: NodeUnderTest, what: Pick<Parameters<typeof CoildProcess.spawn>[0], 'executable' | 'flags'>) {
  const coild = CoildProcess.spawn({ ...what, netns: node.netns.path });
  node.adopt(coild);
  return coild;
}

/** An ADD for a Pod whose namespace is not there. */
async function addOfNobody(socket: string) {
  const containerId = randomUUID();
  const headers = {
    'CNI-Command': 'ADD',
    'CNI-Containerid': containerId,
    'CNI-Netns': `/run/netns/ct-${containerId}`,
    'CNI-Ifname': 'eth0',
    'CNI-Args': `K8S_POD_NAMESPACE=ns;K8S_POD_NAME=${containerId}`,
  };
  const address = parseCoildAddress(`unix://${socket}`);
  const body = Buffer.from(JSON.stringify({ cniVersion: '1.1.0', name: 'k8s', type: 'coil', coild: address.text }));
  const deadline = { seconds: CALL_MS / 1000, signal: AbortSignal.timeout(CALL_MS) };
  return await handOver(address, { headers, body }, deadline);
}
