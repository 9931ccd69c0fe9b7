import { join } from 'node:path';
import { isConfigurationName, parseAsideName } from './configuration-name.ts';
import { type FileState, listFiles, readFileState } from './file-state.ts';
import {
  type InstalledFile,
  type InstallRecord,
  installedFile,
  isRecorded,
  parseRecord,
  RECORD_NAME,
} from './install-record.ts';
import { PLUGIN_TYPE } from './netconf.ts';
import { isLeftover } from './replace-file.ts';
import type { NodeFolders } from './settings.ts';

/** All that the installer looks at of a node's folders. */
export interface NodeState {
  readonly plugin: FileState | undefined;
  /** What runtimes read in net.d, by name, in the order in which they look. */
  readonly configurations: ReadonlyMap<string, FileState>;
  /** What was moved aside in net.d, by its present name. */
  readonly aside: ReadonlyMap<string, FileState>;
  /** What the installer put there; empty where there is no record, or none that can be read. */
  readonly record: InstallRecord;
  readonly recordState: 'none' | 'readable' | 'unreadable';
  /** Paths of what a killed run left behind. */
  readonly leftovers: readonly string[];
}

/** @throws {FileError} */
export async function readNodeState({ etcDir, binDir }: NodeFolders): Promise<NodeState> {
  const etcNames = await listFiles(etcDir);
  const binNames = await listFiles(binDir);
  const recordFile = await readFileState(join(etcDir, RECORD_NAME));
  const record = recordFile && parseRecord(recordFile.content);
  return {
    plugin: await readFileState(join(binDir, PLUGIN_TYPE)),
    configurations: await readFiles(etcDir, etcNames.filter(isConfigurationName)),
    aside: await readFiles(
      etcDir,
      etcNames.filter((name) => parseAsideName(name) !== undefined),
    ),
    record: record ?? [],
    recordState: recordFile === undefined ? 'none' : record === undefined ? 'unreadable' : 'readable',
    leftovers: [etcDir, binDir].flatMap((folder, i) =>
      (i === 0 ? etcNames : binNames).filter(isLeftover).map((name) => join(folder, name)),
    ),
  };
}

/** What the installer put there, and is there as it was put. */
export function installedFiles({ plugin, configurations, record }: NodeState): InstalledFile[] {
  const present = [
    ...(plugin ? [installedFile('plugin', PLUGIN_TYPE, plugin.content)] : []),
    ...[...configurations].map(([name, { content }]) => installedFile('netconf', name, content)),
  ];
  return present.filter((file) => isRecorded(record, file));
}

async function readFiles(folder: string, names: readonly string[]): Promise<Map<string, FileState>> {
  const files = new Map<string, FileState>();
  for (const name of names) {
    const file = await readFileState(join(folder, name));
    if (file) files.set(name, file); // its owner may have removed it meanwhile
  }
  return files;
}
