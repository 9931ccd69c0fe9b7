import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runMain } from '../../test/run-main.ts';
import { withFlags } from '../process/command-line.ts';
import type { StoreOptions } from '../store/open-store.ts';
import { describeStore, readStoreOptions, STORE_FLAGS } from './store-options.ts';

/** What the arguments read as, or the message of the usage error. */
async function read(...argv: string[]): Promise<StoreOptions | string> {
  let options: StoreOptions | undefined;
  const { stderr } = await runMain(
    (io) =>
      withFlags({ name: 'x', summary: '', flags: STORE_FLAGS }, io, async (flags) => {
        options = readStoreOptions(flags);
        return 0;
      }),
    argv,
  );
  return options ?? stderr.split('\n')[0]!;
}

test("by default etcd, with v1's defaults", async () => {
  assert.deepEqual(await read(), {
    medium: 'etcd',
    config: { endpoints: ['http://127.0.0.1:2379'], prefix: '/coil/', dialTimeoutMs: 2000 },
  });
});

test('every flag of etcd arrives', async () => {
  const options = await read(
    '--etcd-endpoints=https://a:2379, https://b:2379',
    '--etcd-prefix=/x/',
    '--etcd-timeout=500ms',
    '--etcd-username=root',
    '--etcd-password=secret',
  );
  assert.deepEqual(options, {
    medium: 'etcd',
    config: {
      endpoints: ['https://a:2379', 'https://b:2379'],
      prefix: '/x/',
      dialTimeoutMs: 500,
      username: 'root',
      password: 'secret',
    },
  });
  assert.equal(describeStore(options as StoreOptions), 'etcd at https://a:2379, https://b:2379');
});

test('the name of an Endpoints object stands alone', async () => {
  const options = (await read('--etcd-endpoints=@cke-etcd')) as StoreOptions;
  assert.equal(describeStore(options), 'etcd at @cke-etcd');
});

test('sqlite with its path, relative or not, whatever is in it', async () => {
  for (const path of ['/var/lib/coil/coil.db', 'coil.db', 'a:b c.db']) {
    const options = await read('--store', `sqlite:${path}`);
    assert.deepEqual(options, { medium: 'sqlite', path });
    assert.equal(describeStore(options as StoreOptions), `file ${path}`);
  }
});

const REFUSED: [string[], RegExp][] = [
  [['--store=sqlite:'], /^x: --store takes etcd or sqlite:PATH.*not "sqlite:"$/],
  [['--store=sqlite'], /^x: --store takes/],
  [['--store=/var/lib/coil.db'], /^x: --store takes/],
  [['--etcd-endpoints=ftp://a'], /^x: --etcd-endpoints: "ftp:\/\/a"/],
  [['--etcd-endpoints=,'], /^x: --etcd-endpoints/],
  [['--etcd-endpoints=@etcd,http://b:1'], /^x: --etcd-endpoints: "@etcd" is not a URL/],
  [['--etcd-endpoints=@Etcd_1'], /^x: --etcd-endpoints: "@Etcd_1" is not a URL/],
  [['--etcd-timeout=2'], /^x: --etcd-timeout takes a duration/],
  [['--etcd-timeout=0s'], /^x: --etcd-timeout takes a duration from 1ms/],
  [['--etcd-tls-ca=/nonexistent/ca.pem'], /^x: --etcd-tls-ca: .*\/nonexistent\/ca\.pem/],
  [['--etcd-tls-cert=/nonexistent/cert.pem'], /^x: --etcd-tls-cert and etcd-tls-key go together/],
];

for (const [argv, message] of REFUSED) {
  test(`${argv.join(' ')} is refused`, async () => {
    const refusal = await read(...argv);
    assert.ok(typeof refusal === 'string', 'accepted');
    assert.match(refusal, message);
  });
}
