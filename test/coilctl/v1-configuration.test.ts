import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Etcd3, Range } from 'etcd3';
import { stringify as toToml } from 'smol-toml';
import { stringify as toYaml } from 'yaml';
import { main } from '../../src/programs/coilctl.ts';
import { CertificateAuthority, type KeyPair } from '../etcd/certificate-authority.ts';
import { EtcdServer } from '../etcd/etcd-server.ts';
import { type Ended, runMain } from '../run-main.ts';
import { V1_FLAGS } from './v1-surface.ts';

/** Without a slash at its end, as v1 took it: the first key is `/team-coilpool/default`. */
const PREFIX = '/team-coil';
const ROOT = { username: 'root', password: 'root' };
const USER = { username: 'coil', password: 'secret: "quoted", #1' };

/** Values by the members of v1's configuration file. */
type Values = Readonly<Record<string, string>>;
type Given = { readonly argv: readonly string[]; readonly env: Values };

const MEMBERS = V1_FLAGS.flatMap(({ flag, member, env }) => (member && env ? [{ flag, member, env }] : []));

let stack: AsyncDisposableStack;
let folder: string;
/** By these the datastore is reached; by any one of `wrong` in their place it is not. */
let right: Values;
let wrong: Values;
let etcd: Etcd3;

before(async () => {
  stack = new AsyncDisposableStack();
  folder = await mkdtemp(join(tmpdir(), 'coil-test-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const authority = stack.use(await CertificateAuthority.create());
  const [ofServer, ofClient] = [await authority.issue('server'), await authority.issue('node')];
  const certificates = [`--cert-file=${ofServer.cert}`, `--key-file=${ofServer.key}`];
  const trust = ['--client-cert-auth', `--trusted-ca-file=${authority.cert}`];
  const server = stack.use(await EtcdServer.startTls(...certificates, ...trust));
  etcd = await switchAuthOn(server, authority, ofClient);
  stack.defer(() => etcd.close());
  const strangers = stack.use(await CertificateAuthority.create());
  const stranger = await strangers.issue('node');
  const valuesOf = (ca: CertificateAuthority, { cert, key }: KeyPair): Values => {
    return { 'tls-ca-file': ca.cert, 'tls-cert-file': cert, 'tls-key-file': key };
  };
  const endpoints = `https://127.0.0.1:1,${server.url}`;
  right = { endpoints, prefix: PREFIX, timeout: '5s', ...USER, ...valuesOf(authority, ofClient) };
  const others = { endpoints: 'https://127.0.0.1:1', prefix: '/coil/', timeout: 'soon' };
  wrong = { ...others, username: 'nobody', password: 'secret', ...valuesOf(strangers, stranger) };
});
after(() => stack.disposeAsync());

/** A user who may do everything below the prefix, and nothing else. */
async function switchAuthOn(server: EtcdServer, ca: CertificateAuthority, client: KeyPair): Promise<Etcd3> {
  const [rootCertificate, privateKey, certChain] = await Promise.all(
    [ca.cert, client.key, client.cert].map((file) => readFile(file)),
  );
  const options = {
    // this client cannot be given addresses over TLS
    hosts: server.url.replace('127.0.0.1', 'localhost'),
    credentials: { rootCertificate: rootCertificate!, privateKey: privateKey!, certChain: certChain! },
  };
  const admin = new Etcd3(options);
  for (const { username, password } of [ROOT, USER]) {
    await admin.role(username).create();
    await admin.user(username).create(password);
    await admin.user(username).addRole(username);
  }
  await admin.role(USER.username).grant({ permission: 'Readwrite', range: Range.prefix(PREFIX) });
  await admin.auth.authEnable();
  admin.close();
  return new Etcd3({ ...options, auth: ROOT });
}

/** The ways in which coilctl is given values, the strongest first. */
const WAYS: Readonly<Record<string, (values: Values) => Promise<Given>>> = {
  flags: async (values) => ({ argv: pick(values).map(({ flag, value }) => `${flag}=${value}`), env: {} }),
  environment: async (values) => ({
    argv: [],
    env: Object.fromEntries(pick(values).map(({ env, value }) => [env, value])),
  }),
  '.coilctl.yml': (values) => inHome('.coilctl.yml', toYaml(withList(values))),
  '.coilctl.yaml': (values) => inHome('.coilctl.yaml', toYaml(withList(values))),
  '.coilctl.json': (values) => inHome('.coilctl.json', JSON.stringify(withList(values))),
  '.coilctl.toml': (values) => inHome('.coilctl.toml', toToml(withList(values))),
};

function pick(values: Values) {
  return MEMBERS.flatMap((one) => (values[one.member] === undefined ? [] : [{ ...one, value: values[one.member]! }]));
}

function withList({ endpoints, ...rest }: Values) {
  return { ...rest, ...(endpoints && { endpoints: endpoints.split(',') }) };
}

async function inHome(name: string, text: string): Promise<Given> {
  const HOME = await mkdtemp(join(folder, 'home-'));
  await writeFile(join(HOME, name), text, { mode: 0o600 });
  return { argv: [], env: { HOME } };
}

async function coilctl(line: string, ...given: readonly Given[]): Promise<Ended> {
  const argv = [...line.split(' '), ...given.flatMap((one) => one.argv)];
  return await runMain(main, argv, { env: Object.assign({}, ...given.map(({ env }) => env)) });
}

describe('etcd over TLS, with users', { concurrency: 1, timeout: 120_000 }, () => {
  test('v1 has a member and a variable for every value', () => {
    assert.deepEqual(MEMBERS.map(({ member }) => member).sort(), Object.keys(right).sort());
  });

  for (const [name, give] of Object.entries(WAYS)) {
    test(`is reached by the values of ${name}`, async () => {
      const pool = `by-${name.replaceAll('.', '')}`;
      const given = await give(right);
      const subnet = `10.${Object.keys(WAYS).indexOf(name)}.0.0/24`;
      const done = { status: 0, stdout: '', stderr: '' };
      assert.deepEqual(await coilctl(`pool create ${pool} ${subnet} 4`, given), done);
      assert.equal(await etcd.get(`${PREFIX}pool/${pool}`).string(), `{"subnets":["${subnet}"],"block_size":4}`);
    });
  }

  test('certificates and key may stand in the file itself, and members in any case', async () => {
    const { 'tls-ca-file': ca, 'tls-cert-file': cert, 'tls-key-file': key, ...rest } = right;
    const [tlsCa, tlsCert, tlsKey] = await Promise.all([ca, cert, key].map((file) => readFile(file!, 'utf8')));
    const { endpoints, password, ...others } = rest;
    const values = { ...others, Endpoints: endpoints?.split(','), PASSWORD: password };
    const text = toYaml({ ...values, 'tls-ca': tlsCa, 'tls-cert': tlsCert, 'TLS-Key': tlsKey });
    const { status, stderr } = await coilctl('pool list', await inHome('.coilctl.yml', text));
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    const path = join(folder, 'readable.yml');
    await writeFile(path, toYaml({ ...others, 'tls-cert': tlsCert, 'tls-key': tlsKey }), { mode: 0o644 });
    assert.match(
      (await coilctl('pool list', { argv: ['--config', path], env: {} })).stderr,
      /holds .* a key, and can be/,
    );
  });

  test('--config names a file of any of the formats', async () => {
    for (const [name, text] of Object.entries({
      'a.yml': toYaml(withList(right)),
      'b.yaml': toYaml(withList(right)),
      'c.json': JSON.stringify(withList(right)),
      'd.toml': toToml(withList(right)),
    })) {
      const path = join(folder, name);
      await writeFile(path, text, { mode: 0o600 });
      const [byName, home] = [{ argv: ['--config', path], env: {} }, await WAYS['.coilctl.yml']!(wrong)];
      const { status, stderr } = await coilctl('pool list', byName, home);
      assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, name);
    }
  });

  for (const { member } of MEMBERS) {
    test(`${member}: flag beats environment beats file; it counts, and empty is none`, async () => {
      const others: Values = Object.fromEntries(Object.entries(right).filter(([name]) => name !== member));
      const list = async (flag?: string, env?: string, file?: string): Promise<boolean> => {
        const one = (value?: string): Values => (value === undefined ? {} : { [member]: value });
        const { status } = await coilctl(
          'pool list',
          await WAYS.flags!(one(flag)),
          await WAYS.environment!(one(env)),
          await WAYS['.coilctl.yml']!({ ...others, ...one(file) }),
        );
        return status === 0;
      };
      const [good, bad] = [right[member]!, wrong[member]!];
      assert.deepEqual(
        [
          await list(good, bad, bad),
          await list(undefined, good, bad),
          await list(undefined, undefined, good),
          await list(undefined, '', good),
          await list(bad, good, good),
          await list(undefined, bad, good),
          await list(undefined, undefined, bad),
        ],
        [true, true, true, true, false, false, false],
      );
    });
  }
});
