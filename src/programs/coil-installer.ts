import { open, rename, rm } from 'node:fs/promises';
import type { ApplyDeps } from '../installer/apply-plan.ts';
import { install } from '../installer/install.ts';
import { procSysctls } from '../installer/sysctls.ts';
import { uninstall } from '../installer/uninstall.ts';
import { connectKube } from '../kube/connect-kube.ts';
import { KubeNodeTaints } from '../kube/kube-node-taints.ts';
import { CoilError } from '../model/error.ts';
import { sleep } from '../process/backoff.ts';
import { withFlags } from '../process/command-line.ts';
import { optionalTextFlag } from '../process/flag.ts';
import { LOG_FLAGS, type LogOptions } from '../process/log-flags.ts';
import { openLogger } from '../process/open-logger.ts';
import type { Main, ProgramIo } from '../process/program.ts';
import { UsageError } from '../process/usage-error.ts';
import {
  describeEnvironment,
  FOLDER_VARIABLES,
  INSTALL_VARIABLES,
  readFolders,
  readInstallSettings,
} from './installer-settings.ts';

const INSTALL_SPEC = {
  name: 'coil-installer',
  summary: `Put Coil's CNI plugin and network configuration on this node, and let Pods in.
'coil-installer uninstall' takes them away again.`,
  flags: {
    kubeconfig: optionalTextFlag({
      describe: 'File that tells how to reach the API server; in a Pod, its ServiceAccount does',
      takes: 'file',
      env: 'KUBECONFIG',
    }),
    ...LOG_FLAGS,
  },
  epilogue: describeEnvironment([...FOLDER_VARIABLES, ...INSTALL_VARIABLES]),
};

const UNINSTALL_SPEC = {
  name: 'coil-installer uninstall',
  summary: `Take away what coil-installer put on this node, and bring back what it moved aside.
Files that were changed since, sysctls and taints are left as they are. Drain the node first.`,
  flags: LOG_FLAGS,
  epilogue: describeEnvironment(FOLDER_VARIABLES),
};

/** Makes a node one that runs Pods with Coil, or undoes that. */
export const main: Main = (io) => (io.argv[0] === 'uninstall' ? uninstallNode(io) : installNode(io));

function installNode(io: ProgramIo): Promise<number> {
  return withFlags(INSTALL_SPEC, io, async (flags) => {
    const { settings, node } = readInstallSettings(io.env);
    return await logged(flags, io, async (deps) => {
      if (node === undefined) return await install(settings, { ...deps, sleep }, io.signal);
      using client = await connectKube({ kubeconfig: flags.kubeconfig, env: io.env });
      await install(settings, { ...deps, sleep, taints: new KubeNodeTaints(node, client) }, io.signal);
    });
  });
}

function uninstallNode(io: ProgramIo): Promise<number> {
  return withFlags(UNINSTALL_SPEC, { ...io, argv: io.argv.slice(1) }, async (flags) => {
    const folders = readFolders(io.env);
    return await logged(flags, io, (deps) => uninstall(folders, deps, io.signal));
  });
}

async function logged(options: LogOptions, io: ProgramIo, body: (deps: ApplyDeps) => Promise<void>): Promise<number> {
  using logger = openLogger('coil-installer', options, io.stderr);
  try {
    await body({ files: { open, rename, rm }, sysctls: procSysctls(), logger });
    return 0;
  } catch (error) {
    if (CoilError.is(error, 'invalid-argument')) throw new UsageError(error.message, { cause: error });
    logger.error('coil-installer cannot go on', { error });
    return 1;
  }
}
