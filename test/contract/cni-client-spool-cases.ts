import { writeFileSync } from 'node:fs';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ADD, answer, error, NETCONF } from './cni-client-case.ts';
import type { CoildScript } from './fake-coild.ts';

/** A call of a coild that does not answer, and what is in its spool afterwards. */
export interface SpoolCase {
  readonly name: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: (address: string) => string;
  /** By default nobody listens, and the folder of the socket is there. */
  readonly coild?: CoildScript | 'no folder';
  /** Before the call. */
  readonly prepare?: (spool: string) => Promise<unknown>;
  /** The error; undefined where the call succeeds and prints nothing. */
  readonly error?: (address: string) => object;
  /** What has to be there: names and contents; undefined: as `prepare` left it. */
  readonly spooled?: (address: string) => Readonly<Record<string, string>>;
}

export const DEL = { ...ADD, CNI_COMMAND: 'DEL' };
/** Of DEL: FNV-1a of "c0ffee\0eth0\0", computed apart from both implementations. */
export const DEL_FILE = '0be7bd0cef3be293.del';

/** A DEL as it is spooled. */
export function spooledDel(netconf: string, env: Readonly<Record<string, string>> = DEL): string {
  const names = ['COMMAND', 'CONTAINERID', 'NETNS', 'IFNAME', 'ARGS', 'PATH'];
  const variables = names.flatMap((name) => {
    const value = env[`CNI_${name}`];
    return value === undefined ? [] : [`CNI-${name[0]}${name.slice(1).toLowerCase()}: ${value}\r\n`];
  });
  const head = ['Host: coild', 'Content-Type: application/json', `Content-Length: ${Buffer.byteLength(netconf)}`];
  return `POST /cni HTTP/1.1\r\n${head.join('\r\n')}\r\nConnection: close\r\n${variables.join('')}\r\n${netconf}`;
}

const RUNNING =
  "is coild running on this node? (systemctl status coild, or the coild container of this node's DaemonSet Pod)";
const notKept = (why: string, reason: string) => (address: string) =>
  error(
    11,
    `coild did not answer at ${address}`,
    `${why}; this DEL cannot be kept for later in ${address.slice('unix://'.length)}.spool: ${reason}; ${RUNNING}`,
  );
const absent = 'connect: No such file or directory';
const kept = (address: string) => ({ [DEL_FILE]: spooledDel(NETCONF(address)) });
const padded = (size: number) => (address: string) => {
  const start = spooledDel('').length + '32000'.length - '0'.length;
  const netconf = `{"cniVersion":"1.0.0","coild":"${address}","pad":"`;
  return `${netconf}${'x'.repeat(size - start - netconf.length - 2)}"}`;
};
const fill = (count: number) => async (spool: string) => {
  await mkdir(spool, { mode: 0o700 });
  for (let i = 0; i < count; i++) writeFileSync(join(spool, `${i.toString(16).padStart(16, '0')}.del`), '');
};

export const SPOOL_CASES: readonly SpoolCase[] = [
  { name: 'where there is no socket', spooled: kept },
  { name: 'where the folder of the socket is not there', coild: 'no folder', spooled: kept },
  {
    name: 'where nobody listens',
    prepare: (spool) => writeFile(spool.slice(0, -'.spool'.length), ''),
    spooled: kept,
  },
  { name: 'where coild hangs', coild: { after: 'hang' }, spooled: kept },
  { name: 'where coild ends before it answers', coild: { after: 'close' }, spooled: kept },
  {
    name: 'where coild ends in the middle of its answer',
    coild: { send: answer(200, '{}').slice(0, -1), after: 'close' },
    spooled: kept,
  },
  {
    name: 'where coild hangs in the middle of its answer',
    coild: { send: answer(200, '{}').slice(0, -1), after: 'hang' },
    spooled: kept,
  },
  {
    name: 'with variables that are empty, not set, and not ASCII',
    env: { CNI_COMMAND: 'DEL', CNI_CONTAINERID: 'c0ffee', CNI_IFNAME: 'eth0', CNI_NETNS: '', CNI_ARGS: 'A=pöd' },
    spooled: (address) => ({
      [DEL_FILE]: spooledDel(NETCONF(address), {
        CNI_COMMAND: 'DEL',
        CNI_CONTAINERID: 'c0ffee',
        CNI_NETNS: '',
        CNI_IFNAME: 'eth0',
        CNI_ARGS: 'A=pöd',
      }),
    }),
  },
  {
    name: 'in the place of an earlier one for the same interface',
    prepare: async (spool) => {
      await mkdir(spool, { mode: 0o700 });
      await writeFile(join(spool, DEL_FILE), 'x'.repeat(100_000));
    },
    spooled: kept,
  },
  {
    name: 'in the place of an earlier one, also where there is no room for more',
    prepare: async (spool) => {
      await fill(4095)(spool);
      await writeFile(join(spool, DEL_FILE), '');
    },
    spooled: kept,
  },
  { name: 'as the last one that there is room for', prepare: fill(4095), spooled: kept },
  {
    name: 'but not as one more',
    prepare: fill(4096),
    error: notKept(absent, '4096 calls wait there already'),
  },
  {
    name: 'of 32 KiB',
    stdin: padded(32 * 1024),
    spooled: (address) => ({ [DEL_FILE]: spooledDel(padded(32 * 1024)(address)) }),
  },
  {
    name: 'but not of more than 32 KiB',
    stdin: padded(32 * 1024 + 1),
    error: notKept(absent, 'the call is 32769 bytes, more than 32768'),
  },
  ...(['CNI_CONTAINERID', 'CNI_IFNAME'] as const).flatMap((variable) => [
    {
      name: `but not without ${variable}`,
      env: Object.fromEntries(Object.entries(DEL).filter(([name]) => name !== variable)),
      error: notKept(absent, 'CNI_CONTAINERID or CNI_IFNAME is not set'),
    },
    {
      name: `but not with an empty ${variable}`,
      env: { ...DEL, [variable]: '' },
      error: notKept(absent, 'CNI_CONTAINERID or CNI_IFNAME is not set'),
    },
  ]),
  ...[0o720, 0o702].map((mode) => ({
    name: `but not in a folder of mode ${mode.toString(8)}`,
    prepare: async (spool: string) => {
      await mkdir(spool);
      await chmod(spool, mode);
    },
    error: notKept(absent, 'others than this user may write there'),
  })),
  {
    name: 'but not through a link',
    prepare: async (spool) => {
      await mkdir(`${spool}.elsewhere`, { mode: 0o700 });
      await symlink(`${spool}.elsewhere`, spool);
    },
    error: notKept(absent, 'Not a directory'),
  },
  {
    name: 'but not where there is a file',
    prepare: (spool) => writeFile(spool, ''),
    error: notKept(absent, 'Not a directory'),
  },
  {
    name: 'but not where coild answers with an error',
    coild: { send: answer(503, JSON.stringify(error(11, 'etcd'))), after: 'close' },
    error: () => error(11, 'etcd'),
  },
  {
    name: 'but not where what answers is no coild',
    coild: { send: answer(404, '{}', ['Content-Type: application/json']), after: 'close' },
    error: (address) =>
      error(
        11,
        `what answers at ${address} is no coild that this plugin can talk to`,
        'HTTP status 404, not application/cni+json; coild there may be older than this plugin',
      ),
  },
  {
    name: 'but not where it was done',
    coild: { send: answer(200, ''), after: 'close' },
  },
  ...['ADD', 'CHECK', 'GC', 'STATUS'].map((command) => ({
    name: `but no ${command}`,
    env: { ...ADD, CNI_COMMAND: command },
    error: (address: string) => error(11, `coild did not answer at ${address}`, `${absent}; ${RUNNING}`),
  })),
];
