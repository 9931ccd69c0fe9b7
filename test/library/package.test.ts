import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import manifest from '../../package.json' with { type: 'json' };
import { EtcdServer } from '../etcd/etcd-server.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const STEP_MS = 120_000;
/** As a project of today that uses the package is set up. */
const TSCONFIG = {
  compilerOptions: {
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable'],
    module: 'nodenext',
    strict: true,
    types: ['node'],
  },
  include: ['*.ts'],
};

let project: string;
before(async () => {
  project = await mkdtemp(join(tmpdir(), 'ct-'));
  await createProject();
});
after(() => rm(project, { recursive: true, force: true }));

test('the package holds the library, and no test or program', async () => {
  const listed = (await run('tar', '-tzf', join(project, archive()))).trim().split('\n');
  const strangers = listed.filter(
    (path) => /\.test\.|programs|netlink|coild|\.ts$/.test(path) && !/\.d\.ts$/.test(path),
  );
  assert.deepEqual(strangers, []);
  for (const path of ['dist/lib/index.js', 'dist/lib/index.d.ts', 'LICENSE', 'README.md', 'CHANGELOG.md'])
    assert.ok(listed.includes(`package/${path}`), path);
});

test('the examples of library.md compile against its types, and the first prints what the page says', async () => {
  const page = await readFile(join(ROOT, 'docs/library.md'), 'utf8');
  const examples = blocks(page, 'ts');
  const [printed] = blocks(page, 'text');
  assert.equal(examples.length, 2);
  for (const [i, example] of examples.entries()) await writeFile(join(project, `example${i}.ts`), example);
  await run(process.execPath, join(ROOT, 'node_modules/typescript/bin/tsc'));
  assert.equal(await run(process.execPath, 'example0.js'), printed);
});

test('the second example reaches an etcd', async () => {
  await using server = await EtcdServer.start();
  const text = await readFile(join(project, 'example1.js'), 'utf8');
  const here = text.replace(/\['https.*?\]/, `['${server.url}']`).replace(/, tlsCa: '.*?'/, '');
  assert.notEqual(here, text);
  await writeFile(join(project, 'example1.js'), here);
  assert.equal(await run(process.execPath, 'example1.js'), '[]\n');
});

/** A folder with the package installed from its archive, and what it depends on linked, as npm would have fetched it. */
async function createProject(): Promise<void> {
  await run('npm', '--prefix', ROOT, 'pack', ROOT, '--silent', '--offline', '--pack-destination', project);
  const modules = join(project, 'node_modules');
  await mkdir(join(modules, 'coil'), { recursive: true });
  await run('tar', '-xzf', archive(), '-C', join(modules, 'coil'), '--strip-components=1');
  for (const name of [...Object.keys(manifest.dependencies), '@types/node']) {
    await mkdir(join(modules, name, '..'), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), join(modules, name));
  }
  await writeFile(join(project, 'package.json'), JSON.stringify({ type: 'module' }));
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify(TSCONFIG));
}

function archive(): string {
  return `${manifest.name}-${manifest.version}.tgz`;
}

/** Contents of the fenced blocks of a language. */
function blocks(page: string, language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map((match) => match[1]!);
}

async function run(program: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}` };
  try {
    return (await promisify(execFile)(program, args, { cwd: project, env, timeout: STEP_MS })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${program} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
  }
}
