import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingCapabilities, processStatus } from './capabilities.ts';

const NEEDED = ['CAP_NET_ADMIN', 'CAP_SYS_ADMIN'] as const;

test('says which capabilities a process is without', () => {
  const missing = (effective: string) =>
    missingCapabilities(NEEDED, `Name:\tcoild\nCapPrm:\t000001ffffffffff\nCapEff:\t${effective}\nCapBnd:\t0\n`);
  assert.deepEqual(missing('0000000000000000'), NEEDED);
  assert.deepEqual(missing('0000000000001000'), ['CAP_SYS_ADMIN']);
  assert.deepEqual(missing('0000000000200000'), ['CAP_NET_ADMIN']);
  assert.deepEqual(missing('0000000000201000'), []);
  assert.deepEqual(missing('000001ffffffffff'), []);
});

test('where the kernel does not tell, none is missing', () => assert.deepEqual(missingCapabilities(NEEDED, ''), []));

test('this process has a status', { skip: process.platform !== 'linux' && 'Linux only' }, () => {
  assert.match(processStatus(), /^CapEff:\t[0-9a-f]{16}$/m);
});
