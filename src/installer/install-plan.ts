import { join } from 'node:path';
import { asideName, parseAsideName } from './configuration-name.ts';
import type { FileState } from './file-state.ts';
import { formatRecord, installedFile, isRecorded, RECORD_NAME } from './install-record.ts';
import { PLUGIN_TYPE } from './netconf.ts';
import { installedFiles, type NodeState } from './node-state.ts';
import type { Notice, Plan, Step } from './plan.ts';
import type { FileContent } from './replace-file.ts';
import type { InstallSettings } from './settings.ts';

const NETCONF_MODE = 0o644;
const PLUGIN_MODE = 0o755;
const RECORD_MODE = 0o644;

/**
 * What is missing on a node. The order matters to those who read the folders meanwhile, and to whoever comes after a
 * crash: a file is recorded before it is there, and the plugin is there before a configuration names it, which in turn
 * is there before another one goes.
 */
export function planInstall(settings: InstallSettings, plugin: Uint8Array, state: NodeState): Plan {
  const { etcDir, binDir, confName, netconf, exclusive } = settings;
  const former = formerNetconfs(confName, state);
  const others = [...state.configurations.keys()].filter((name) => name !== confName && !former.includes(name));
  const pluginFile = { path: join(binDir, PLUGIN_TYPE), mode: PLUGIN_MODE, content: plugin };
  const netconfFile = { path: join(etcDir, confName), mode: NETCONF_MODE, content: netconf };
  const steps: Step[] = [
    ...state.leftovers.map((path) => ({ do: 'remove', path }) as const),
    ...recordSteps(settings, plugin, state),
    ...writeSteps(pluginFile, state.plugin),
    ...writeSteps(netconfFile, state.configurations.get(confName)),
    ...former.map((name) => ({ do: 'remove', path: join(etcDir, name) }) as const),
    ...(exclusive ? others.map((name) => moveAside(etcDir, name, state)) : []),
  ];
  return { steps, notices: exclusive ? [] : precedenceNotices(etcDir, confName, others) };
}

/** Ours, from a time when it was to have another name. */
function formerNetconfs(confName: string, state: NodeState): string[] {
  return installedFiles(state)
    .filter(({ kind, name }) => kind === 'netconf' && name !== confName)
    .map(({ name }) => name);
}

function recordSteps({ etcDir, confName, netconf }: InstallSettings, plugin: Uint8Array, state: NodeState): Step[] {
  const wanted = [installedFile('plugin', PLUGIN_TYPE, plugin), installedFile('netconf', confName, netconf)];
  if (wanted.every((file) => isRecorded(state.record, file))) return [];
  const kept = installedFiles(state).filter((file) => !isRecorded(wanted, file));
  const content = formatRecord([...kept, ...wanted]);
  return [{ do: 'write', path: join(etcDir, RECORD_NAME), mode: RECORD_MODE, content }];
}

function writeSteps(file: FileContent, present: FileState | undefined): Step[] {
  const same = present?.regular && present.mode === file.mode && present.content.equals(file.content);
  return same ? [] : [{ do: 'write', ...file }];
}

/** Nothing that was moved aside earlier is lost, unless it is the same. */
function moveAside(etcDir: string, name: string, { configurations, aside }: NodeState): Step {
  const former = [...aside.keys()].map((one) => parseAsideName(one)!).filter((one) => one.name === name);
  const last = Math.max(0, ...former.map(({ number }) => number));
  const same = aside.get(asideName(name, last))?.content.equals(configurations.get(name)!.content);
  return { do: 'move', from: join(etcDir, name), to: join(etcDir, asideName(name, same ? last : last + 1)) };
}

/** Runtimes use the first configuration by name. */
function precedenceNotices(etcDir: string, confName: string, others: readonly string[]): Notice[] {
  const first = others.filter((name) => name < confName);
  if (first.length === 0) return [];
  const message =
    "runtimes use the first CNI configuration by name, which is not Coil's: remove what comes before it, or set " +
    'CNI_EXCLUSIVE=true';
  return [{ level: 'warn', message, fields: { before: first.map((name) => join(etcDir, name)), coil: confName } }];
}
