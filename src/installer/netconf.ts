import { parseCoildAddress } from '../cni/client/coild-address.ts';
import { CniError } from '../cni/cni-error.ts';
import { CNI_NAME } from '../cni/network-config.ts';
import { quoted } from '../cni/quoted.ts';
import { isSupportedCniVersion, SUPPORTED_CNI_VERSIONS } from '../cni/versions.ts';
import { CoilError } from '../model/error.ts';
import { isRecord } from '../model/json.ts';

/** The type that Coil's plugin has in a network configuration: the name of its executable. */
export const PLUGIN_TYPE = 'coil';

/**
 * Checks a network configuration list, as the file is to hold it (CNI SPEC.md 1.1.0, section 1), as far as a node with
 * it would be without a network otherwise. Coil comes first in the list, since it makes the Pod's interface.
 * @throws {CoilError} invalid-argument, naming the member
 */
export function checkNetconf(text: string): void {
  const netconf = parse(text);
  const { cniVersion, name, plugins } = netconf;
  if (!isSupportedCniVersion(cniVersion)) {
    throw invalid(`cniVersion is ${shown(cniVersion)}: it takes one of ${SUPPORTED_CNI_VERSIONS.join(', ')}`);
  }
  if (typeof name !== 'string' || !CNI_NAME.test(name)) {
    throw invalid(
      `name is ${shown(name)}: it takes letters, digits, "_", "." and "-", beginning with a letter or digit`,
    );
  }
  if (!Array.isArray(plugins)) throw invalid(`plugins is ${shown(plugins)}: it takes a list of plugins`);
  const [first] = plugins.map(checkPlugin);
  if (first?.type !== PLUGIN_TYPE) {
    throw invalid(`the first of plugins has the type ${shown(first?.type)}: it must be "${PLUGIN_TYPE}"`);
  }
  checkCoild(first.coild);
}

/** Whether a configuration of anybody's has runtimes call Coil's plugin. */
export function namesPlugin(content: Buffer): boolean {
  let netconf: unknown;
  try {
    netconf = JSON.parse(content.toString('utf8'));
  } catch {
    return false; // runtimes cannot read it either
  }
  if (!isRecord(netconf)) return false;
  const plugins: unknown[] = Array.isArray(netconf.plugins) ? netconf.plugins : [netconf];
  return plugins.some((plugin) => isRecord(plugin) && plugin.type === PLUGIN_TYPE);
}

function parse(text: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw invalid(`it is not JSON: ${(cause as Error).message}`, cause);
  }
  if (isRecord(json)) return json;
  throw invalid(`it is ${quoted(json)}, not a JSON object`);
}

function checkPlugin(plugin: unknown, index: number): Record<string, unknown> & { readonly type: string } {
  const type = isRecord(plugin) ? plugin.type : undefined;
  if (isRecord(plugin) && typeof type === 'string' && type !== '') return { ...plugin, type };
  throw invalid(`plugins[${index}] is ${shown(plugin)}: it takes an object with a type, the name of a plugin`);
}

function checkCoild(coild: unknown): void {
  if (coild === undefined) return;
  if (typeof coild !== 'string') throw invalid(`coild is ${quoted(coild)}: it takes coild's address as a text`);
  try {
    parseCoildAddress(coild);
  } catch (error) {
    if (error instanceof CniError) throw invalid(error.message, error);
    throw error;
  }
}

function shown(value: unknown): string {
  return value === undefined ? 'missing' : quoted(value);
}

function invalid(message: string, cause?: unknown): CoilError {
  return new CoilError('invalid-argument', message, cause === undefined ? {} : { cause });
}
