import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { limitIn, openFilesLimit } from './open-files.ts';

test('the limit of open files is that which the process was given', () => {
  const script = `import { openFilesLimit } from ${JSON.stringify(import.meta.resolve('./open-files.ts'))}; console.log(openFilesLimit())`;
  const node = [process.execPath, '--input-type=module', '--eval', script];
  const told = execFileSync('prlimit', ['--nofile=200', ...node], { encoding: 'utf8' });
  assert.equal(Number(told), 200);
  assert.ok(openFilesLimit() > 0);
});

test('where there is none, or it is not told, something sensible is taken', () => {
  assert.equal(limitIn('Max open files            unlimited            unlimited            files\n'), Infinity);
  assert.equal(limitIn('Max processes             100                  100                  processes\n'), 1024);
});
