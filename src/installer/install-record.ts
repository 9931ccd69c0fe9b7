import { createHash } from 'node:crypto';
import { isRecord } from '../model/json.ts';

/** Name of the record in net.d; runtimes do not read files of that name. */
export const RECORD_NAME = 'coil-installer.record';

/** A file that the installer put there. */
export interface InstalledFile {
  readonly kind: 'plugin' | 'netconf';
  readonly name: string;
  /** Of its content, in hexadecimal. */
  readonly sha256: string;
}

/** What the installer put there: only that is taken away again, and only while it is as it was put. */
export type InstallRecord = readonly InstalledFile[];

export function installedFile(kind: InstalledFile['kind'], name: string, content: Uint8Array): InstalledFile {
  return { kind, name, sha256: createHash('sha256').update(content).digest('hex') };
}

export function isRecorded(record: InstallRecord, { kind, name, sha256 }: InstalledFile): boolean {
  return record.some((file) => file.kind === kind && file.name === name && file.sha256 === sha256);
}

export function formatRecord(record: InstallRecord): Buffer {
  const note = 'What coil-installer put on this node, for coil-installer uninstall';
  return Buffer.from(`${JSON.stringify({ note, installed: record }, undefined, 2)}\n`);
}

/** Undefined where it is not a record: somebody else's file, or one that was edited. */
export function parseRecord(content: Buffer): InstallRecord | undefined {
  try {
    const json: unknown = JSON.parse(content.toString('utf8'));
    const installed = isRecord(json) ? json.installed : undefined;
    return Array.isArray(installed) && installed.every(isInstalledFile) ? installed : undefined;
  } catch {
    return undefined;
  }
}

/** Names come from a file and become paths: only plain ones do. */
function isInstalledFile(value: unknown): value is InstalledFile {
  if (!isRecord(value)) return false;
  const { kind, name, sha256 } = value;
  const known = kind === 'plugin' || kind === 'netconf';
  return known && typeof name === 'string' && /^[^/]+$/.test(name) && typeof sha256 === 'string';
}
