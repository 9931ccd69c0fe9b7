import { readFileSync } from 'node:fs';
import { checkNetconf } from '../installer/netconf.ts';
import type { InstallSettings, NodeFolders } from '../installer/settings.ts';
import { CoilError } from '../model/error.ts';
import { errorText } from '../process/error-text.ts';
import type { ProgramIo } from '../process/program.ts';
import { UsageError } from '../process/usage-error.ts';

type Environment = ProgramIo['env'];

/** A variable of the environment, as the help text shows it. */
export interface Variable {
  readonly name: string;
  readonly default: string;
  readonly describe: string;
}

export const FOLDER_VARIABLES = [
  { name: 'CNI_ETC_DIR', default: '/host/etc/cni/net.d', describe: "The node's folder of network configurations" },
  { name: 'CNI_BIN_DIR', default: '/host/opt/cni/bin', describe: "The node's folder of plugins" },
] as const satisfies readonly Variable[];

export const INSTALL_VARIABLES = [
  { name: 'CNI_CONF_NAME', default: '10-coil.conflist', describe: 'Name of the network configuration there' },
  { name: 'CNI_NETCONF', default: '', describe: 'The network configuration itself' },
  { name: 'CNI_NETCONF_FILE', default: '', describe: 'File that it is in, where CNI_NETCONF is empty' },
  { name: 'CNI_EXCLUSIVE', default: 'false', describe: 'true: move the configurations of other CNI plugins aside' },
  { name: 'COIL_PATH', default: '/coil', describe: 'The executable to install as the plugin' },
  { name: 'COIL_NODE_NAME', default: '', describe: 'Name of this Node; needed to remove taints' },
  {
    name: 'COIL_BOOT_TAINT',
    default: 'coil.cybozu.com/bootstrap',
    describe: 'Keys of taints to remove, comma-separated; set but empty: none',
  },
] as const satisfies readonly Variable[];

type Name = (typeof FOLDER_VARIABLES | typeof INSTALL_VARIABLES)[number]['name'];

const DEFAULTS = new Map<Name, string>(
  [...FOLDER_VARIABLES, ...INSTALL_VARIABLES].map((one) => [one.name, one.default]),
);

/** As Kubernetes validates keys of taints (apimachinery, IsQualifiedName). */
const TAINT_KEY = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const NODE_NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** What the environment wants installed; `node` is undefined where no taints are to be removed. */
export interface WantedInstall {
  readonly settings: InstallSettings;
  readonly node: string | undefined;
}

export function readFolders(env: Environment): NodeFolders {
  return { etcDir: textOf(env, 'CNI_ETC_DIR'), binDir: textOf(env, 'CNI_BIN_DIR') };
}

/** Reads and checks the environment, and the file that it names. @throws {UsageError} naming the variable */
export function readInstallSettings(env: Environment): WantedInstall {
  const exclusive = textOf(env, 'CNI_EXCLUSIVE');
  if (exclusive !== 'true' && exclusive !== 'false') throw wrong(env, 'CNI_EXCLUSIVE', 'it takes true or false');
  const taintKeys = readTaintKeys(env);
  const settings = {
    ...readFolders(env),
    confName: readConfName(env),
    netconf: readNetconf(env),
    pluginSource: textOf(env, 'COIL_PATH'),
    exclusive: exclusive === 'true',
    taintKeys,
  };
  return { settings, node: taintKeys.length > 0 ? readNode(env) : undefined };
}

/** For the help text. */
export function describeEnvironment(variables: readonly Variable[]): string {
  const lines = variables.map(({ name, default: value, describe }) => {
    const fallback = value === '' ? '' : ` [default: ${JSON.stringify(value)}]`;
    return `  ${name.padEnd(16)}  ${describe}${fallback}`;
  });
  return ['Environment:', ...lines].join('\n');
}

/** An empty variable is as good as none. */
function textOf(env: Environment, name: Name): string {
  return env[name] || DEFAULTS.get(name)!;
}

/** Of lists alone Coil is a member; runtimes tell a list by its name. */
function readConfName(env: Environment): string {
  const name = textOf(env, 'CNI_CONF_NAME');
  if (/^[^/.][^/]*\.conflist$/.test(name)) return name;
  throw wrong(env, 'CNI_CONF_NAME', 'it takes a file name that ends in .conflist, without a folder');
}

/** The text is installed as it is, byte by byte. */
function readNetconf(env: Environment): Uint8Array {
  const file = env.CNI_NETCONF ? undefined : env.CNI_NETCONF_FILE;
  const origin = file ? `CNI_NETCONF_FILE ${file}` : 'CNI_NETCONF';
  if (!env.CNI_NETCONF && !file) {
    throw new UsageError('neither CNI_NETCONF, the network configuration, nor CNI_NETCONF_FILE, a file of it, is set');
  }
  const content = file ? readNetconfFile(file) : Buffer.from(env.CNI_NETCONF ?? '');
  try {
    checkNetconf(content.toString('utf8'));
    return content;
  } catch (error) {
    if (CoilError.is(error, 'invalid-argument')) throw new UsageError(`${origin}: ${error.message}`, { cause: error });
    throw error;
  }
}

function readNetconfFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`CNI_NETCONF_FILE cannot be read: ${errorText(error)}`, { cause: error });
  }
}

/** Here empty is not as good as none: it turns the default off, as in v1. */
function readTaintKeys(env: Environment): string[] {
  const list = env.COIL_BOOT_TAINT ?? DEFAULTS.get('COIL_BOOT_TAINT')!;
  const keys = list.split(',').map((key) => key.trim());
  const given = keys.filter((key) => key !== '');
  if (given.every((key) => TAINT_KEY.test(key))) return given;
  throw wrong(env, 'COIL_BOOT_TAINT', 'it takes keys of taints, comma-separated, without values and effects');
}

function readNode(env: Environment): string {
  const node = textOf(env, 'COIL_NODE_NAME');
  if (NODE_NAME.test(node)) return node;
  const advice = 'to remove taints it takes the name of this Node; an empty COIL_BOOT_TAINT leaves taints alone';
  throw node === '' ? new UsageError(`COIL_NODE_NAME is not set: ${advice}`) : wrong(env, 'COIL_NODE_NAME', advice);
}

function wrong(env: Environment, name: Name, takes: string): UsageError {
  return new UsageError(`${name} is ${JSON.stringify(env[name])}: ${takes}`);
}
