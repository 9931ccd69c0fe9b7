import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asideName, isConfigurationName, parseAsideName } from './configuration-name.ts';
import { RECORD_NAME } from './install-record.ts';

test('knows what runtimes read; nothing else of ours is among it', () => {
  for (const name of ['10-coil.conflist', '87-podman.conf', 'x.json']) assert.ok(isConfigurationName(name));
  const others = ['README', '10-coil.conflist.bak', '.coil-installer-1.tmp', RECORD_NAME, asideName('10-x.conf')];
  for (const name of others) assert.ok(!isConfigurationName(name), name);
});

test('a name that was moved aside tells the former one', () => {
  for (const number of [1, 2, 10]) {
    assert.deepEqual(parseAsideName(asideName('10-x.conf', number)), { name: '10-x.conf', number });
  }
  for (const name of ['10-x.conf', 'notes.coil-disabled', '10-x.conf.coil-disabled.0', '10-x.conf.coil-disabled.old']) {
    assert.equal(parseAsideName(name), undefined);
  }
});
