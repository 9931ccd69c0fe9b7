import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { main } from '../../src/programs/coilctl.ts';
import { runMain } from '../run-main.ts';
import { type CoilctlSetup, TIMEOUT_MS } from './coilctl-setup.ts';

interface Expected {
  readonly line: string;
  readonly data: unknown;
  readonly table: string;
}

const CONTAINER = '10'.repeat(32);

/** Over the state of v1. */
const OUTPUTS: readonly Expected[] = [
  {
    line: 'pool list',
    data: {
      pools: [
        {
          name: 'default',
          block_size: 4,
          subnets: [
            { subnet: '10.64.0.0/20', blocks: { total: 256, free: 254 } },
            { subnet: '10.65.0.0/24', blocks: { total: 16, free: 16 } },
          ],
        },
        { name: 'dmz', block_size: 2, subnets: [{ subnet: '203.0.113.0/28', blocks: { total: 4, free: 2 } }] },
        { name: 'one', block_size: 2, subnets: [{ subnet: '198.51.100.0/30', blocks: { total: 1, free: 0 } }] },
        { name: 'single', block_size: 0, subnets: [{ subnet: '192.0.2.7/32', blocks: { total: 1, free: 0 } }] },
      ],
    },
    table: `POOL     SIZE  SUBNET           FREE  TOTAL
default     4  10.64.0.0/20      254    256
default     4  10.65.0.0/24       16     16
dmz         2  203.0.113.0/28      2      4
one         2  198.51.100.0/30     0      1
single      0  192.0.2.7/32        0      1
`,
  },
  {
    line: 'pool show dmz 203.0.113.0/28',
    data: {
      pool: 'dmz',
      subnet: '203.0.113.0/28',
      blocks: { total: 4, free: 2 },
      free: ['203.0.113.8/30', '203.0.113.12/30'],
      nodes: { node1: ['203.0.113.0/30'], node2: ['203.0.113.4/30'] },
    },
    table: `BLOCK            NODE
203.0.113.0/30   node1
203.0.113.4/30   node2
203.0.113.8/30   -
203.0.113.12/30  -
`,
  },
  {
    line: 'pool show one 198.51.100.0/30',
    data: {
      pool: 'one',
      subnet: '198.51.100.0/30',
      blocks: { total: 1, free: 0 },
      free: [],
      nodes: { node2: ['198.51.100.0/30'] },
    },
    table: 'BLOCK            NODE\n198.51.100.0/30  node2\n',
  },
  {
    line: 'node blocks node1',
    data: {
      node: 'node1',
      blocks: [
        { pool: 'default', block: '10.64.0.16/28' },
        { pool: 'dmz', block: '203.0.113.0/30' },
        { pool: 'single', block: '192.0.2.7/32' },
      ],
    },
    table: 'POOL     BLOCK\ndefault  10.64.0.16/28\ndmz      203.0.113.0/30\nsingle   192.0.2.7/32\n',
  },
  { line: 'node blocks nobody', data: { node: 'nobody', blocks: [] }, table: 'POOL  BLOCK\n' },
  {
    line: 'address info 10.64.0.16',
    data: {
      address: '10.64.0.16',
      namespace: 'default',
      pod: 'web-16',
      container_id: CONTAINER,
      ifname: '',
      created_at: '2026-11-22T12:38:59.340957085Z',
      pool: 'default',
      block: '10.64.0.16/28',
      node: 'node1',
    },
    table: `ADDRESS     NAMESPACE  POD     NODE   POOL     BLOCK          CREATED                         INTERFACE  CONTAINER
10.64.0.16  default    web-16  node1  default  10.64.0.16/28  2026-11-22T12:38:59.340957085Z  -          ${CONTAINER}
`,
  },
];

/** -o, of every command that reads. */
export function outputContract({ v1 }: CoilctlSetup): void {
  test('prints what it found in the layout that -o wants', { timeout: TIMEOUT_MS }, async (t) => {
    await using fixture = await v1();
    for (const { line, data, table } of OUTPUTS) {
      await t.test(line, async () => {
        const coilctl = async (...flags: string[]): Promise<string> => {
          const { status, stdout, stderr } = await runMain(main, [...line.split(' '), ...flags, ...fixture.flags]);
          assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
          return stdout;
        };
        assert.deepEqual(JSON.parse(await coilctl('-o', 'json')), data);
        assert.deepEqual(parse(await coilctl('-oyaml')), data);
        assert.equal(await coilctl('--output=table'), table);
      });
    }
  });

  test('a failure prints nothing of the layout', { timeout: TIMEOUT_MS }, async () => {
    await using fixture = await v1();
    for (const line of ['pool show x 10.64.0.0/20', 'address info 10.64.0.99']) {
      const { status, stdout, stderr } = await runMain(main, [...line.split(' '), '-o', 'json', ...fixture.flags]);
      assert.deepEqual({ status, stdout }, { status: 1, stdout: '' });
      assert.match(stderr, /not found/);
    }
  });
}
