import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type ConfigFile, findConfigFile, readConfigFile } from './config-file.ts';
import { optionalTextFlag } from './flag.ts';
import { UsageError } from './usage-error.ts';

const describe = 'what it does';
const flags = {
  'x-endpoints': optionalTextFlag({ describe, member: 'endpoints', takes: 'list' }),
  'x-prefix': optionalTextFlag({ describe, member: 'prefix' }),
  'x-password': optionalTextFlag({ describe, member: 'password' }),
  'x-ca': optionalTextFlag({ describe, member: 'ca-file', inline: 'ca', takes: 'file' }),
  other: optionalTextFlag({ describe }),
};

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coil-test-'));
});
after(() => rm(folder, { recursive: true }));

async function read(name: string, text: string, mode = 0o600): Promise<ConfigFile> {
  const path = join(folder, name);
  await writeFile(path, text);
  await chmod(path, mode);
  return await readConfigFile(path, flags);
}

const SAME: [string, string][] = [
  ['a.yml', 'endpoints: [http://a, http://b]\nprefix: /x/ # of the test cluster\n'],
  ['a.yaml', 'endpoints:\n  - http://a\n  - http://b\nprefix: "/x/"\n'],
  ['a.json', '{"endpoints": ["http://a", "http://b"], "prefix": "/x/"}'],
  ['a.toml', 'endpoints = ["http://a", "http://b"]\nprefix = "/x/"\n'],
];

for (const [name, text] of SAME) {
  test(`${name} is read`, async () => {
    const { values, path } = await read(name, text);
    const wanted = { endpoints: 'http://a,http://b', prefix: '/x/' };
    assert.deepEqual({ path, values: Object.fromEntries(values) }, { path: join(folder, name), values: wanted });
  });
}

for (const [name, text, password] of [
  ['n.yml', 'password: 1234', '1234'],
  ['n.yml', 'password: 0123', '0123'],
  ['n.yml', 'password: 1e3', '1e3'],
  ['n.yml', 'password: true', 'true'],
  ['n.yml', 'password: yes', 'yes'],
  ['n.yml', 'Password: "1234"', '1234'],
  ['n.yml', 'PASSWORD: 12345678901234567890', '12345678901234567890'],
  ['n.json', '{"password": 12345678901234567890}', '12345678901234567890'],
  ['n.json', '{"PassWord": true}', 'true'],
  ['n.toml', 'password = 1234567890123456789', '1234567890123456789'],
  ['n.toml', 'password = false', 'false'],
] as const) {
  test(`${text} is taken as it is written, as v1 took it`, async () =>
    assert.equal((await read(name, text)).values.get('password'), password));
}

test('what a file would have may stand there itself', async () => {
  const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  const yaml = `ca: |\n${pem.replaceAll(/^/gm, '  ').trimEnd()}\n`;
  assert.equal((await read('p.yml', yaml)).values.get('ca-file'), pem);
  assert.equal((await read('p.json', JSON.stringify({ CA: pem }))).values.get('ca-file'), pem);
});

test('a list may be one text', async () =>
  assert.equal((await read('b.yml', 'endpoints: http://a,http://b')).values.get('endpoints'), 'http://a,http://b'));

for (const text of ['', '# nothing\n', 'prefix:\n', 'prefix: ""\nendpoints: ""\n']) {
  test(`${JSON.stringify(text)} gives no value`, async () => assert.equal((await read('c.yml', text)).values.size, 0));
}

test('who may read it is told', async () => {
  for (const [mode, exposed] of [
    [0o600, false],
    [0o400, false],
    [0o640, true],
    [0o604, true],
  ] as const)
    assert.equal((await read(`mode-${mode.toString(8)}.yml`, 'prefix: x', mode)).exposed, exposed, mode.toString(8));
});

const REFUSED: [string, string, RegExp][] = [
  ['d.yml', 'endpoint: x', /d\.yml has a member "endpoint" that means nothing: did you mean endpoints\?$/],
  ['d.json', '{"x-prefix": 1}', /d\.json has a member "x-prefix" that means nothing: did you mean prefix\?$/],
  ['d.toml', 'colour = "red"', /"colour" that means nothing: it may have endpoints, prefix, password, ca-file$/],
  ['e.yml', 'other: x', /"other" that means nothing/],
  ['e.yml', '__proto__: x', /"__proto__" that means nothing/],
  ['f.yml', 'prefix: [a, b]', /^prefix in .*\/f\.yml takes a text, not a list/],
  ['f.toml', 'prefix = 2026-11-22', /^prefix in .*\/f\.toml takes a text, not a time$/],
  ['f.yml', 'prefix: a\nPREFIX: b', /^PREFIX in .*\/f\.yml says again what another member says$/],
  ['f.yml', 'ca: /etc/ca.pem', /^ca in .*\/f\.yml takes PEM, and ca-file the name of a file with it$/],
  ['f.yml', `ca: ${'"-----BEGIN X"'}\nca-file: /etc/ca.pem`, /^ca-file in .* says again what another member says$/],
  ['f.yml', 'prefix: {a: b}', /^prefix in .* not a value of type object$/],
  ['g.yml', 'endpoints: [a, [b]]', /^endpoints in .*g\.yml takes a list of texts, or one text with commas, not a list/],
  ['g.yml', 'endpoints: []', /^endpoints in .* not an empty list$/],
  ['g.yml', 'endpoints: {a: b}', /^endpoints in .* not a value of type object$/],
  ['h.yml', '- endpoints', /h\.yml has no members, such as endpoints/],
  ['h.yml', 'just a text', /h\.yml has no members/],
  ['i.yml', 'prefix: [', /the configuration file .*i\.yml cannot be read: .*line 1/],
  ['i.json', '{"prefix": ', /i\.json cannot be read: .*JSON/],
  ['i.toml', 'prefix = ', /i\.toml cannot be read: .*TOML/],
  ['i.yml', 'prefix: a\nprefix: b\n', /i\.yml cannot be read: .*unique/],
  ['j.conf', 'prefix: a', /j\.conf is no configuration file: its name has to end in \.yml, \.yaml, \.json, \.toml/],
];

for (const [name, text, message] of REFUSED) {
  test(`${name}, ${JSON.stringify(text)}, is refused`, async () =>
    assert.rejects(read(name, text), (error) => error instanceof UsageError && message.test(error.message)));
}

test('a file that is missing is named', () =>
  assert.rejects(readConfigFile(join(folder, 'absent.yml'), flags), /absent\.yml cannot be read: .*ENOENT/));

test('in the home folder the endings are looked for in their order', async () => {
  const spec = { flag: 'config', name: '.tool' };
  assert.equal(findConfigFile(spec, undefined), undefined);
  assert.equal(findConfigFile(spec, folder), undefined);
  for (const ending of ['.toml', '.json', '.yaml', '.yml']) {
    await writeFile(join(folder, `.tool${ending}`), '');
    assert.equal(findConfigFile(spec, folder), join(folder, `.tool${ending}`));
  }
});
