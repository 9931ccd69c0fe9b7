import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { PROGRAMS } from './built-programs.ts';
import { run } from './command.ts';
import type { Medium } from './datastore.ts';
import { folderProblem } from './demo-run.ts';

interface Tool {
  readonly name: string;
  readonly debianPackage: string;
}

const TOOLS: readonly Tool[] = [
  { name: 'ip', debianPackage: 'iproute2' },
  { name: 'nsenter', debianPackage: 'util-linux' },
  { name: 'unshare', debianPackage: 'util-linux' },
  { name: 'setpriv', debianPackage: 'util-linux' },
  { name: 'cc', debianPackage: 'gcc libc6-dev' },
  { name: 'bird', debianPackage: 'bird2' },
];
const ETCD: Tool = { name: 'etcd', debianPackage: 'etcd-server' };

/** What the demo lacks, a sentence each that says what to do; none where it can run. */
export async function findMissing(medium: Medium): Promise<readonly string[]> {
  if (process.platform !== 'linux') return ['It takes Linux: nodes and Pods are network namespaces.'];
  const tools = medium === 'etcd' ? [...TOOLS, ETCD] : TOOLS;
  const unbuilt = Object.values(PROGRAMS).filter((path) => !isExecutable(path));
  const folder = folderProblem();
  const missing = [
    ...(process.getuid?.() === 0 ? [] : ['It takes root, to make network namespaces: sudo make demo']),
    ...unbuilt.map((path) => `There is no ${path}: make build`),
    ...(folder === undefined ? [] : [`${folder}: set TMPDIR=/tmp`]),
    ...tools.filter(({ name }) => !isInPath(name)).map(describeTool),
  ];
  return missing.length > 0 ? missing : [...(await checkPrivileges()), ...(await checkBird())];
}

function describeTool({ name, debianPackage }: Tool): string {
  return `There is no ${name} in PATH (${process.env.PATH ?? ''}): apt-get install ${debianPackage}`;
}

/** Root of a container may lack what it takes. */
async function checkPrivileges(): Promise<readonly string[]> {
  const what = 'ip link add demo1 type veth peer name demo2 && echo 1 > /proc/sys/net/ipv4/ip_forward';
  const { status, stderr } = await run(['unshare', '--net', '--mount', 'sh', '-c', what]);
  if (status === 0) return [];
  return [`Root may not set up network namespaces here (${stderr.trim()}): in a container, run it privileged`];
}

async function checkBird(): Promise<readonly string[]> {
  const { stdout, stderr } = await run(['bird', '--version']);
  const [said, major] = /version (\d+)\.\S*/.exec(stdout + stderr) ?? [];
  return major !== undefined && Number(major) < 2
    ? [`bird is ${said}, and it takes 2 or later: apt-get install bird2`]
    : [];
}

function isInPath(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => isExecutable(join(folder, name)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
