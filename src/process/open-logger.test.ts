import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Recorder } from '../../test/run-main.ts';
import { openLogger } from './open-logger.ts';
import { UsageError } from './usage-error.ts';

const options = { logfile: undefined, loglevel: 'info', logformat: 'plain' } as const;

test('without a file the log goes to standard error', () => {
  const stderr = new Recorder();
  using logger = openLogger('coild', options, stderr);
  logger.info('started');
  assert.match(stderr.text, / coild info: "started"\n$/);
});

test('a file is appended to, and every line is in it at once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'coil-test-'));
  try {
    const logfile = join(folder, 'coild.log');
    const stderr = new Recorder();
    for (const message of ['first', 'second']) {
      using logger = openLogger('coild', { ...options, logfile }, stderr);
      logger.info(message);
      assert.match(await readFile(logfile, 'utf8'), new RegExp(`"${message}"\n$`));
    }
    assert.equal((await readFile(logfile, 'utf8')).split('\n').length, 3);
    assert.equal((await stat(logfile)).mode & 0o007, 0, 'others may not read it');
    assert.equal(stderr.text, '');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a file that cannot be opened is a usage error that names the flag and the file', () => {
  assert.throws(
    () => openLogger('coild', { ...options, logfile: '/nonexistent/coild.log' }, new Recorder()),
    (error) =>
      error instanceof UsageError &&
      /^--logfile cannot be opened: ENOENT.*\/nonexistent\/coild\.log/.test(error.message),
  );
});

test('a disk that is full does not stop the program; the line goes to standard error', {
  skip: existsSync('/dev/full') ? false : 'there is no /dev/full',
}, () => {
  const stderr = new Recorder();
  using logger = openLogger('coild', { ...options, logfile: '/dev/full' }, stderr);
  logger.info('started');
  assert.match(stderr.text, /"started"\n$/);
});
