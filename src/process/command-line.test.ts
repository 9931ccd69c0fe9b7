import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Ended, runMain } from '../../test/run-main.ts';
import { withCommand, withFlags } from './command-line.ts';
import { durationFlag, optionalTextFlag, switchFlag, textFlag } from './flag.ts';
import type { Main } from './program.ts';
import { UsageError } from './usage-error.ts';
import { VERSION } from './version.ts';

const flags = {
  http: textFlag({ describe: 'Address to listen on', default: '127.0.0.1:9383' }),
  node: optionalTextFlag({ describe: 'Name of this node', env: 'NODE_NAME' }),
  wait: durationFlag({ describe: 'How long to wait', short: 'w', default: '10m', env: 'WAIT', group: 'Timing:' }),
};

/** Prints what it understood. */
const daemon: Main = (io) =>
  withFlags({ name: 'daemon', summary: 'Serves.', flags, epilogue: 'The end.' }, io, async (values) => {
    io.stdout.write(JSON.stringify(values));
    return 7;
  });

const command = { summary: 'Does it', args: {}, flags: {} };
const tool: Main = (io) =>
  withCommand(
    {
      name: 'tool',
      summary: 'Does this and that.',
      flags,
      nouns: { pool: 'Pools', node: 'Nodes' },
      commands: [
        {
          ...command,
          name: 'pool show',
          args: { name: 'Name', subnet: 'Subnet' },
          flags: { json: switchFlag({ describe: 'As JSON' }) },
        },
        { ...command, name: 'pool list' },
        { ...command, name: 'node show', args: { name: 'Name' } },
      ],
    },
    io,
    async ({ command: { name }, args, commandFlags, flags: { http } }) => {
      io.stdout.write(JSON.stringify({ name, args, commandFlags, http }));
      return 7;
    },
  );

async function understood(main: Main, argv: string[], env = {}): Promise<unknown> {
  const { status, stdout, stderr } = await runMain(main, argv, { env });
  assert.equal(stderr, '');
  assert.equal(status, 7);
  return JSON.parse(stdout);
}

async function refused(main: Main, argv: string[], env = {}): Promise<string> {
  const { status, stdout, stderr } = await runMain(main, argv, { env });
  assert.equal(stdout, '');
  assert.equal(status, 2);
  return stderr;
}

test('defaults, and the value that was given last', async () => {
  assert.deepEqual(await understood(daemon, []), { http: '127.0.0.1:9383', wait: 600_000 });
  assert.deepEqual(await understood(daemon, ['--http', 'a:1', '--http=b:2', '--wait=1s']), { http: 'b:2', wait: 1000 });
  for (const short of [['-w', '1s'], ['-w1s'], ['--wait=5s', '-w', '1s']]) {
    assert.deepEqual(await understood(daemon, short), { http: '127.0.0.1:9383', wait: 1000 });
  }
});

test('a value stays the text that it was', async () => {
  assert.deepEqual(await understood(daemon, ['--http', '010']), { http: '010', wait: 600_000 });
  assert.deepEqual(await understood(daemon, ['--http=--x=y']), { http: '--x=y', wait: 600_000 });
});

test('flag beats environment beats default; an empty variable is none', async () => {
  assert.deepEqual(await understood(daemon, ['--wait', '1s'], { WAIT: '2s', NODE_NAME: 'n' }), {
    http: '127.0.0.1:9383',
    node: 'n',
    wait: 1000,
  });
  const { wait } = (await understood(daemon, [], { WAIT: '', http: 'ignored' })) as { wait: number };
  assert.equal(wait, 600_000);
});

test('a bad value is named by where it came from', async () => {
  assert.match(await refused(daemon, ['--wait', 'x']), /^daemon: --wait takes a duration.*"x"\n'daemon --help' tells/);
  assert.match(await refused(daemon, [], { WAIT: 'x' }), /^daemon: WAIT takes a duration.*"x"\n/);
});

for (const argv of [['--frobnicate'], ['--frobnicate=1'], ['frobnicate'], ['--http', 'a:1', '--frobnicate']]) {
  test(`${argv.join(' ')}: what is unknown is named`, async () =>
    assert.match(await refused(daemon, argv), /frobnicate/));
}

test('a flag without its value is named', async () =>
  assert.match(await refused(daemon, ['--http']), /^daemon: --http takes a value/));

test('help names every flag, its default and its variable', async () => {
  for (const argv of [['--help'], ['-h'], ['--http', 'x', '--help']]) {
    const { status, stdout, stderr } = await runMain(daemon, argv);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.match(stdout, /^daemon\n\nServes\.\n\nTiming:\n +-w, --wait .*environment: WAIT.*default: "10m"/);
    assert.match(stdout, /--http +Address to listen on .*default: "127\.0\.0\.1:9383"/);
    assert.match(stdout, /The end\.\n$/);
  }
});

test("--version prints the package's", async () => {
  for (const [main, name] of [
    [daemon, 'daemon'],
    [tool, 'tool'],
  ] as const) {
    assert.deepEqual(await runMain(main, ['--version']), { status: 0, stdout: `${name} ${VERSION}\n`, stderr: '' });
  }
});

test('a usage error of the body is told as one of the command line', async () => {
  const { status, stderr } = await runMain(
    (io) =>
      withFlags({ name: 'daemon', summary: '', flags: {} }, io, async () => {
        throw new UsageError('--cert needs --key');
      }),
    [],
  );
  assert.equal(status, 2);
  assert.equal(stderr, "daemon: --cert needs --key\n'daemon --help' tells what it takes\n");
});

test('any other error of the body passes through', async () => {
  const failing: Main = (io) =>
    withFlags({ name: 'daemon', summary: '', flags: {} }, io, () => Promise.reject(new Error('broken')));
  await assert.rejects(runMain(failing, []), /^Error: broken$/);
});

test('a command gets its arguments and flags, and those of the program', async () => {
  assert.deepEqual(await understood(tool, ['pool', 'show', '--json', '10', '--http', 'x', '--', '-5']), {
    name: 'pool show',
    args: { name: '10', subnet: '-5' },
    commandFlags: { json: true },
    http: 'x',
  });
  assert.deepEqual(await understood(tool, ['--http=y', 'node', 'show', 'n']), {
    name: 'node show',
    args: { name: 'n' },
    commandFlags: {},
    http: 'y',
  });
});

const MISUSED: [string, RegExp][] = [
  ['', /^tool: a command is missing: pool show, pool list, node show, completion\n'tool --help'/],
  ['pool', /^tool: a command is missing after pool: pool show, pool list\n'tool pool --help'/],
  ['pool shwo', /^tool: there is no command "pool shwo", but pool show, pool list\n'tool pool --help'/],
  ['bogus', /^tool: there is no command "bogus", but pool show, pool list, node show, completion\n'tool --help'/],
  ['pool show', /^tool: missing after pool show: <name> <subnet>\nusage: tool pool show <name> <subnet>\n/],
  ['pool show a', /^tool: missing after pool show: <subnet>\nusage: .*\n'tool pool show --help'/],
  ['pool show a b c', /^tool: too much after pool show: "c"\nusage/],
  ['pool show a b -1', /^tool: there is no flag -1\nusage/],
  ['pool list --htpp x', /^tool: there is no flag --htpp: did you mean --http\?\nusage/],
  ['pool show a b -j yes', /^tool: there is no flag -j\nusage/],
  ['pool show a b -w', /^tool: -w takes a value/],
  ['pool list --json', /^tool: pool list does not take --json\nusage: tool pool list\n/],
  ['pool show a b --json=maybe', /^tool: --json takes no value\nusage/],
];

for (const [line, message] of MISUSED) {
  test(`tool ${line}: says what it takes`, async () => {
    assert.match(await refused(tool, line.split(' ').filter(Boolean)), message);
  });
}

test('help of a command and of a noun', async () => {
  const helps: [string[], RegExp][] = [
    [['--help'], /tool pool +Pools: show, list\n/],
    [['pool', '--help'], /tool pool show <name> <subnet> +Does it\n/],
    [['pool', 'show', '--help'], /^tool pool show <name> <subnet>\n\nDoes it\n\nArguments:\n +name +Name .*required/],
  ];
  for (const [argv, text] of helps) {
    const ended: Ended = await runMain(tool, argv);
    assert.equal(ended.status, 0);
    assert.match(ended.stdout, text);
  }
});
