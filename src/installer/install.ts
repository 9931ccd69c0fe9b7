import { CoilError } from '../model/error.ts';
import { type ApplyDeps, applyPlan } from './apply-plan.ts';
import { isConfigurationName } from './configuration-name.ts';
import { readFileState } from './file-state.ts';
import { planInstall } from './install-plan.ts';
import { readNodeState } from './node-state.ts';
import type { NodeTaints } from './node-taints.ts';
import type { Plan } from './plan.ts';
import type { InstallSettings } from './settings.ts';
import { planForwarding } from './sysctl-plan.ts';

/** Kubelet and the runtime look at net.d every 5 seconds. */
const RESCAN_MS = 6000;

export interface InstallDeps extends ApplyDeps {
  /** Absent where there are no taints to take away. */
  readonly taints?: NodeTaints | undefined;
  /** Waits so many milliseconds, and rejects with the signal's reason. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Makes a node one that runs Pods with Coil: forwarding, the plugin, the network configuration, and last, when the
 * runtime has had the time to read that, the taints that kept Pods away. Changes nothing that is right already.
 * @throws {FileError | SysctlError | CoilError} before anything is changed where an input is wrong
 */
export async function install(settings: InstallSettings, deps: InstallDeps, signal: AbortSignal): Promise<void> {
  const plugin = await readPlugin(settings.pluginSource);
  const state = await readNodeState(settings);
  const forwarding = await planForwarding(deps.sysctls);
  const files = planInstall(settings, plugin, state);
  const plan = { steps: [...forwarding.steps, ...files.steps], notices: [...forwarding.notices, ...files.notices] };
  await applyPlan(plan, deps, signal);
  if (plan.steps.length === 0) deps.logger.info('plugin and network configuration are in place');
  const tainted = (await deps.taints?.find(settings.taintKeys, signal)) ?? [];
  if (tainted.length > 0 || changesNetwork(plan)) {
    deps.logger.info('waiting for the runtime to read the network configuration', { seconds: RESCAN_MS / 1000 });
    await deps.sleep(RESCAN_MS, signal);
  }
  if (tainted.length === 0) return;
  const keys = (await deps.taints?.remove(settings.taintKeys, signal)) ?? [];
  deps.logger.info('taints removed', { keys });
}

async function readPlugin(path: string): Promise<Uint8Array> {
  const source = await readFileState(path);
  if (source === undefined) throw new CoilError('invalid-argument', `COIL_PATH names ${path}, which is not there`);
  if (source.content.length > 0) return source.content;
  throw new CoilError('invalid-argument', `COIL_PATH names ${path}, which is empty`);
}

/** Whether runtimes see another net.d than before. */
function changesNetwork({ steps }: Plan): boolean {
  return steps.some(
    (step) => step.do !== 'set-sysctl' && isConfigurationName(step.do === 'move' ? step.from : step.path),
  );
}
