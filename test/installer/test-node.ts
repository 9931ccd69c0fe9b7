import * as fs from 'node:fs/promises';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileOperations } from '../../src/installer/file-operations.ts';
import { install } from '../../src/installer/install.ts';
import type { NodeTaints } from '../../src/installer/node-taints.ts';
import type { InstallSettings } from '../../src/installer/settings.ts';
import { procSysctls } from '../../src/installer/sysctls.ts';
import { uninstall } from '../../src/installer/uninstall.ts';
import { RecordingLogger } from '../../src/process/recording-logger.ts';

/** A network configuration that the installer takes. */
export function netconf(mark: string): string {
  return JSON.stringify({ cniVersion: '0.4.0', name: mark, plugins: [{ type: 'coil' }] });
}

/** What tests install, unless they say otherwise. */
export type Wanted = Partial<Omit<InstallSettings, 'netconf'>> & {
  readonly netconf?: string;
  readonly plugin?: string;
};

interface TestDeps {
  readonly taints?: NodeTaints;
  readonly files?: FileOperations;
  readonly signal?: AbortSignal;
}

/** Folders of a node, with a /proc/sys of two files, in a folder that is removed when this is disposed of. */
export class TestNode implements AsyncDisposable {
  readonly folder: string;
  /** How long the installer waited, each time. */
  readonly waits: number[] = [];
  readonly logger = new RecordingLogger();

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** One that another process created. */
  static at(folder: string): TestNode {
    return new TestNode(folder);
  }

  static async create(): Promise<TestNode> {
    const node = new TestNode(await mkdtemp(join(tmpdir(), 'coil-test-')));
    await Promise.all([mkdir(node.etcDir), mkdir(node.binDir)]);
    await mkdir(join(node.procSys, 'net/ipv4'), { recursive: true });
    await mkdir(join(node.procSys, 'net/ipv6/conf/all'), { recursive: true });
    await writeFile(join(node.procSys, 'net/ipv4/ip_forward'), '0\n');
    await writeFile(join(node.procSys, 'net/ipv6/conf/all/forwarding'), '0\n');
    return node;
  }

  get etcDir(): string {
    return join(this.folder, 'net.d');
  }

  get binDir(): string {
    return join(this.folder, 'bin');
  }

  get procSys(): string {
    return join(this.folder, 'sys');
  }

  /** Puts a file into net.d. */
  async configure(name: string, content = name): Promise<void> {
    await writeFile(join(this.etcDir, name), content);
  }

  async install(wanted: Wanted = {}, deps: TestDeps = {}): Promise<void> {
    const { plugin = 'plugin', netconf: text = netconf('k8s'), ...settings } = wanted;
    const { signal = new AbortController().signal, ...others } = deps;
    const pluginSource = join(this.folder, 'coil');
    await writeFile(pluginSource, plugin);
    await install(
      {
        etcDir: this.etcDir,
        binDir: this.binDir,
        confName: '10-coil.conflist',
        netconf: Buffer.from(text),
        pluginSource,
        exclusive: false,
        taintKeys: [],
        ...settings,
      },
      { ...this.#deps, ...others, sleep: async (ms) => void this.waits.push(ms) },
      signal,
    );
  }

  async uninstall(files: FileOperations = fs): Promise<void> {
    await uninstall(this, { ...this.#deps, files }, new AbortController().signal);
  }

  get #deps() {
    return { files: fs, sysctls: procSysctls(this.procSys), logger: this.logger };
  }

  /** Each file as `net.d/NAME MODE CONTENT`, the installer's record without its content. */
  async print(): Promise<string[]> {
    return (await Promise.all([printFolder(this.etcDir), printFolder(this.binDir)])).flat();
  }

  /** What tells of every write, also of one that changes nothing. */
  async touched(): Promise<string[]> {
    const paths = [this.etcDir, this.binDir, this.procSys];
    const files = (await Promise.all(paths.map((path) => readdir(path, { recursive: true })))).flatMap((names, i) =>
      ['', ...names.sort()].map((name) => join(paths[i]!, name)),
    );
    const states = await Promise.all(files.map((file) => stat(file, { bigint: true })));
    return states.map(({ ino, mtimeNs, ctimeNs }, i) => `${files[i]} ${ino} ${mtimeNs} ${ctimeNs}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}

async function printFolder(folder: string): Promise<string[]> {
  const label = folder.split('/').at(-1);
  const entries = await readdir(folder, { withFileTypes: true });
  const lines = entries.map(async (entry) => {
    const path = join(folder, entry.name);
    if (entry.isSymbolicLink()) return `${label}/${entry.name} -> ${await readlink(path)}`;
    const mode = ((await stat(path)).mode & 0o7777).toString(8);
    const content = entry.name === 'coil-installer.record' ? '' : ` ${await readFile(path, 'utf8')}`;
    return `${label}/${entry.name} ${mode}${content}`;
  });
  return (await Promise.all(lines)).sort();
}
