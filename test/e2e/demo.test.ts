import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { findMissing } from '../../demo/prerequisites.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { built } from './built.ts';
import { DemoProcess } from './demo-process.ts';

if (!needsRoot) await built();
const skip = needsRoot || (await findMissing('etcd')).join(' ') || false;

const PODS = ['pod1', 'pod2', 'pod3', 'pod4', 'pod5', 'pod6'];

// two at once, which must not know of each other
describe('the demo tells its story to the end, and leaves nothing', { skip, concurrency: true }, () => {
  for (const medium of ['sqlite', 'etcd']) {
    test(`with ${medium}`, async () => {
      await using demo = await DemoProcess.start({ args: [`--store=${medium}`] });
      const status = await demo.ended();
      assert.deepEqual({ status, stderr: demo.stderr }, { status: 0, stderr: '' }, demo.stdout);
      assertMatrixComplete(demo.stdout);
      assert.match(demo.stdout, /node1 +10\.20\.0\.0\/28 +10\.20\.0\.16\/28 via 192\.0\.2\.2 +pod1 10\.20\.0\.0,/);
      assert.equal(stripVTControlCharacters(demo.stdout), demo.stdout, 'colours are for terminals');
      const [, seconds] = /^Done, after ([\d.]+) s/m.exec(demo.stdout) ?? [];
      assert.ok(Number(seconds) < 60, demo.stdout);
      assert.deepEqual([demo.files, await demo.leftovers()], [[], []]);
    });
  }
});

describe('the demo, ended early,', { skip, concurrency: 2 }, () => {
  test('by an interrupt: says so in its exit status, and leaves nothing', async () => {
    await using demo = await DemoProcess.start();
    await demo.printed(/CNI ADD \.\./);
    assert.notDeepEqual(demo.processes(/\/coild/), []);
    demo.interrupt();
    assert.equal(await demo.ended(), 130, demo.stderr);
    assert.match(demo.stdout, /CNI ADD \.+ interrupted/);
    assert.deepEqual([demo.files, await demo.leftovers()], [[], []]);
  });

  test('by its reader: leaves nothing', async () => {
    await using demo = await DemoProcess.start();
    await demo.printed(/Start BIRD/);
    demo.hangUp();
    assert.equal(await demo.ended(), 141, demo.stderr);
    assert.deepEqual([demo.files, await demo.leftovers()], [[], []]);
  });

  test('by the death of coild: names the step, shows the log, and leaves the logs alone', async () => {
    await using demo = await DemoProcess.start();
    await demo.printed(/CNI ADD \./);
    const [coild] = demo.processes(/\/coild.*node2-coild/);
    assert.ok(coild);
    process.kill(coild, 'SIGKILL');
    assert.equal(await demo.ended(), 1, demo.stderr);
    assert.match(demo.stdout, /Attach 3 Pods to each node, by CNI ADD \.+ FAILED/);
    assert.match(demo.stdout, /The step "Attach 3 Pods to each node, by CNI ADD" failed:\ncoild of node2 was ended by/);
    assert.match(demo.stdout, /The end of node2-coild\.log:\n(?: {4}.*\n)* {4}.*coild is listening/);
    assert.match(demo.stdout, /All logs are in \S+\/coil-demo-/);
    assert.ok(demo.files.some((file) => file.endsWith('/node2-coild.log')));
    assert.deepEqual(await demo.leftovers(), []);
  });
});

test('the demo says what it lacks, and what to do, before it begins', { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ct-'));
  try {
    for (const tool of ['ip', 'nsenter', 'unshare', 'setpriv', 'cc', 'sh'])
      symlinkSync(inPath(tool), join(folder, tool));
    await using demo = await DemoProcess.start({ path: folder });
    assert.equal(await demo.ended(), 1);
    assert.equal(demo.stderr, `There is no bird in PATH (${folder}): apt-get install bird2\n`);
    assert.deepEqual([demo.stdout, demo.files], ['', []]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** Every Pod, and both nodes, have got every other Pod's own name. */
function assertMatrixComplete(stdout: string): void {
  const [heading, ...rows] = stdout
    .split('\n')
    .slice(stdout.split('\n').findIndex((line) => line.includes('from \\ to')));
  assert.deepEqual(cells(heading), ['from \\ to', ...PODS]);
  for (const client of [...PODS, 'node1', 'node2']) {
    const [name, ...fetched] = cells(rows.shift());
    assert.equal(name, client);
    const kinds = fetched.map((cell) => cell.replace(/^\d+\.\d ms$/, 'in time'));
    assert.deepEqual(
      kinds,
      PODS.map((pod) => (pod === client ? '-' : 'in time')),
    );
  }
}

function cells(row = ''): string[] {
  return row.trim().split(/ {2,}/);
}

function inPath(tool: string): string {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const path = folders.map((folder) => join(folder, tool)).find((candidate) => existsSync(candidate));
  assert.ok(path, tool);
  return path;
}
