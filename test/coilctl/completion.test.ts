import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { main } from '../../src/programs/coilctl.ts';
import { runMain } from '../run-main.ts';

const folder = mkdtempSync(join(tmpdir(), 'coil-test-'));
after(() => rmSync(folder, { recursive: true }));

async function script(...shell: string[]): Promise<string> {
  const { status, stdout, stderr } = await runMain(main, ['completion', ...shell]);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  return stdout;
}

/** Runs a shell with the script in the file that its last argument names, and gives what it printed. */
function run(shell: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(shell, args, { cwd: folder, encoding: 'utf8', timeout: 20_000 });
  assert.deepEqual({ status, stderr, error }, { status: 0, stderr: '', error: undefined });
  return stdout;
}

async function file(shell: string): Promise<string> {
  const path = join(folder, `coilctl.${shell}`);
  writeFileSync(path, await script(shell));
  return path;
}

/** Why a shell is not tested with; false where it is there. */
function absent(shell: string): string | false {
  return spawnSync(shell, ['--version']).error ? `${shell} is not installed` : false;
}

const LOG_LEVELS = ['critical', 'error', 'warning', 'info', 'debug'];
const FORMATS = ['table', 'json', 'yaml'];

/** A line up to the cursor, and what may stand there. */
const LINES: readonly (readonly [line: string, words: readonly string[]])[] = [
  ['coilctl ', ['pool', 'node', 'address', 'completion']],
  ['coilctl p', ['pool']],
  ['coilctl pool ', ['create', 'add-subnet', 'remove-subnet', 'delete', 'list', 'show']],
  ['coilctl --store etcd pool s', ['show']],
  ['coilctl --store=etcd address ', ['info', 'free']],
  ['coilctl pool d', ['delete']],
  ['coilctl pool delete default --y', ['--yes']],
  ['coilctl address free --y', ['--yes']],
  ['coilctl address info --y', []],
  ['coilctl pool show default 10.11.0.0/16 --j', ['--json']],
  ['coilctl pool show --json default 10.11.0.0/16 --o', ['--output']],
  ['coilctl --etcd-tls-', ['--etcd-tls-ca', '--etcd-tls-cert', '--etcd-tls-key']],
  ['coilctl --loglevel ', LOG_LEVELS],
  ['coilctl pool list -o ', FORMATS],
  ['coilctl pool list --output j', ['json']],
  ['coilctl completion ', ['bash', 'zsh', 'fish']],
  ['coilctl pool create ', []],
];

describe('bash', { skip: absent('bash') }, () => {
  /** What TAB at the end of `line` offers; bash gives the function the word, as it breaks words, and the one before. */
  const offered = (load: string, line: string): string[] => {
    const [, word] = /([^ =]*)$/.exec(line)!;
    const code = `${load}; complete -p coilctl >/dev/null || exit 9
      COMP_LINE=$1 COMP_POINT=\${#1}; _coilctl coilctl "$2" ""; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return run('bash', ['--norc', '-c', code, 'bash', line, word!, join(folder, 'coilctl.bash')])
      .split('\n')
      .filter(Boolean);
  };
  /** As v1 documented it: what the script says is split into words, and these may be patterns of file names. */
  const V1_WAY = 'shopt -s failglob; eval $(cat "$3")';

  test('is the default', async () => assert.equal(await script(), await script('bash')));

  for (const [line, words] of LINES) {
    test(`${line}|: ${words.join(', ') || 'nothing'}`, async () => {
      await file('bash');
      assert.deepEqual(offered(V1_WAY, line), words);
      assert.deepEqual(offered('. "$3"', line), words);
    });
  }

  test('values after =', async () => {
    await file('bash');
    assert.deepEqual(offered(V1_WAY, 'coilctl --loglevel=de'), ['debug']);
    assert.deepEqual(offered(V1_WAY, 'coilctl --loglevel='), LOG_LEVELS);
  });

  test('names of files, with blanks too', async () => {
    await file('bash');
    writeFileSync(join(folder, 'my config.yml'), '');
    assert.deepEqual(offered(V1_WAY, 'coilctl --config my'), ['my config.yml']);
    assert.deepEqual(offered(V1_WAY, 'coilctl --etcd-tls-ca=my'), ['my config.yml']);
  });
});

describe('zsh', { skip: absent('zsh') }, () => {
  test('takes the script', async () => void run('zsh', ['-f', '-n', await file('zsh')]));
});

describe('fish', { skip: absent('fish') }, () => {
  for (const [line, words] of LINES) {
    test(`${line}|: ${words.join(', ') || 'nothing'}`, async () => {
      const code = 'source $argv[1]; complete -C $argv[2]';
      const lines = run('fish', ['--no-config', '-c', code, await file('fish'), line]);
      const offered = lines.split('\n').map((offer) => offer.split('\t')[0]!);
      assert.deepEqual(offered.filter(Boolean).sort(), [...words].sort());
    });
  }
});

test('another shell is a usage error', async () => {
  for (const words of [['tcsh'], ['bash', 'zsh']]) {
    const { status, stdout, stderr } = await runMain(main, ['completion', ...words]);
    assert.deepEqual({ status, stdout }, { status: 2, stdout: '' });
    assert.match(stderr, /^coilctl: completion takes one of bash, zsh, fish, not "/);
  }
});
