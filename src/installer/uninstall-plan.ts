import { join } from 'node:path';
import { parseAsideName } from './configuration-name.ts';
import { RECORD_NAME } from './install-record.ts';
import { namesPlugin, PLUGIN_TYPE } from './netconf.ts';
import { installedFiles, type NodeState } from './node-state.ts';
import type { Notice, Plan, Step } from './plan.ts';
import type { NodeFolders } from './settings.ts';
import { FORWARDING_SYSCTLS } from './sysctls.ts';

/**
 * What takes away from a node all that is there as the installer put it. Configurations that were moved aside come back
 * first, so that a node with another network is not without one. The plugin stays while a configuration names it.
 */
export function planUninstall(folders: NodeFolders, state: NodeState): Plan {
  const { etcDir, binDir } = folders;
  const installed = installedFiles(state);
  const netconfs = installed.filter(({ kind }) => kind === 'netconf').map(({ name }) => name);
  const restored = newestAsides(state).filter(({ name }) => !state.configurations.has(name));
  const users = pluginUsers(state, netconfs, restored);
  const hasPlugin = installed.some(({ kind }) => kind === 'plugin');
  const takesPlugin = hasPlugin && users.length === 0;
  const isDone = state.recordState === 'readable' && takesPlugin === hasPlugin;
  const steps: Step[] = [
    ...state.leftovers.map(removal),
    ...restored.map(({ aside, name }) => ({ do: 'move', from: join(etcDir, aside), to: join(etcDir, name) }) as const),
    ...netconfs.map((name) => removal(join(etcDir, name))),
    ...(takesPlugin ? [removal(join(binDir, PLUGIN_TYPE))] : []),
    ...(isDone ? [removal(join(etcDir, RECORD_NAME))] : []),
  ];
  const kept = [...state.aside.keys()].filter((name) => !restored.some(({ aside }) => aside === name));
  const pluginKept = state.plugin !== undefined && !takesPlugin;
  return { steps, notices: notices(folders, { state, users, kept, pluginKept }) };
}

interface Aside {
  readonly aside: string;
  readonly name: string;
  readonly number: number;
}

/** Of each configuration that was moved aside the last one. */
function newestAsides({ aside: asides }: NodeState): Aside[] {
  const newest = new Map<string, Aside>();
  for (const aside of asides.keys()) {
    const { name, number } = parseAsideName(aside)!;
    if (number > (newest.get(name)?.number ?? 0)) newest.set(name, { aside, name, number });
  }
  return [...newest.values()];
}

/** The configurations that will be there, and have runtimes call Coil. */
function pluginUsers({ configurations, aside }: NodeState, leaving: readonly string[], coming: readonly Aside[]) {
  const staying = [...configurations].filter(([name]) => !leaving.includes(name));
  const restored = coming.map((one) => [one.name, aside.get(one.aside)!] as const);
  return [...staying, ...restored].filter(([, { content }]) => namesPlugin(content)).map(([name]) => name);
}

function removal(path: string): Step {
  return { do: 'remove', path };
}

interface Leavings {
  readonly state: NodeState;
  readonly users: readonly string[];
  readonly kept: readonly string[];
  readonly pluginKept: boolean;
}

function notices({ etcDir, binDir }: NodeFolders, { state, users, kept, pluginKept }: Leavings): Notice[] {
  const warn = (message: string, files: readonly string[]) => ({ level: 'warn', message, fields: { files } }) as const;
  const inEtc = (names: readonly string[]) => names.map((name) => join(etcDir, name));
  const record = inEtc([RECORD_NAME]);
  return [
    ...(state.recordState === 'unreadable' ? [warn('the record of what was installed cannot be read', record)] : []),
    ...(users.length > 0
      ? [warn("not as coil-installer put it, so left alone, though it needs Coil's plugin", inEtc(users))]
      : []),
    ...(pluginKept && users.length === 0
      ? [warn('not as coil-installer put it, so left alone', [join(binDir, PLUGIN_TYPE)])]
      : []),
    ...(pluginKept && users.length > 0
      ? [warn('left while a CNI configuration needs it', [join(binDir, PLUGIN_TYPE)])]
      : []),
    ...(kept.length > 0 ? [warn('left aside, since there is a newer configuration of that name', inEtc(kept))] : []),
    { level: 'info', message: 'forwarding is left as it is', fields: { sysctls: FORWARDING_SYSCTLS } },
  ];
}
