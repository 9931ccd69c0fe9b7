import { type CommandLine, run } from './command.ts';
import { ETCD_URL } from './control-plane.ts';
import type { Credentials } from './credentials.ts';

const PREFIX = '/coil/';

interface EtcdAnswer {
  /** Keys and values in base64. */
  readonly kvs?: readonly { readonly key: string; readonly value?: string }[];
}

/** Coil's keys below `name`, without what is before it in them, and their values. By etcd's own client. */
export async function coilKeys(
  { credentials }: { readonly credentials: Credentials },
  name = '',
): Promise<readonly (readonly [string, string])[]> {
  const { ca, etcdClient } = credentials;
  const tls = [`--cacert=${ca}`, `--cert=${etcdClient.cert}`, `--key=${etcdClient.key}`];
  const get: CommandLine = ['etcdctl', `--endpoints=${ETCD_URL}`, ...tls, '--write-out=json', 'get', '--prefix'];
  const answer = await run([...get, `${PREFIX}${name}`], { env: { ...process.env, ETCDCTL_API: '3' } });
  const { kvs = [] } = JSON.parse(answer) as EtcdAnswer;
  return kvs.map(({ key, value = '' }) => [text(key).slice(PREFIX.length + name.length), text(value)]);
}

function text(base64: string): string {
  return Buffer.from(base64, 'base64').toString();
}
