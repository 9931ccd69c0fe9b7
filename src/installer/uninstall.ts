import { type ApplyDeps, applyPlan } from './apply-plan.ts';
import { readNodeState } from './node-state.ts';
import type { NodeFolders } from './settings.ts';
import { planUninstall } from './uninstall-plan.ts';

/**
 * Takes away what `install` put there, and brings back what it moved aside. Files that are not as they were put, sysctls
 * and taints are left as they are. @throws {FileError}
 */
export async function uninstall(folders: NodeFolders, deps: ApplyDeps, signal: AbortSignal): Promise<void> {
  const plan = planUninstall(folders, await readNodeState(folders));
  await applyPlan(plan, deps, signal);
  if (plan.steps.length === 0) deps.logger.info('nothing is left that coil-installer put there');
}
