import { isRecord } from '../model/json.ts';
import { CNI_CODE, CniError } from './cni-error.ts';
import { quoted } from './quoted.ts';
import { type CniVersion, isSupportedCniVersion, SUPPORTED_CNI_VERSIONS } from './versions.ts';

/** As container IDs and network names are spelt (containernetworking/cni pkg/utils). */
export const CNI_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/** What Coil reads of the network configuration on standard input (CNI SPEC.md 1.1.0, section 1 and 3). */
export interface NetworkConfig {
  readonly cniVersion: CniVersion;
  readonly name: string;
  /** The result of the plugin before, or, for CHECK and DEL, of the whole chain's ADD. */
  readonly prevResult: Readonly<Record<string, unknown>> | undefined;
}

/** What a runtime may ask for in `runtimeConfig` (CNI CONVENTIONS.md) that changes an attachment, and Coil does not do. */
const UNSUPPORTED_CAPABILITIES = ['ips', 'mac', 'ipRanges'] as const;

/** @throws {CniError} decode, incompatibleVersion, invalidNetworkConfig, unsupportedField */
export function parseNetworkConfig(text: string): NetworkConfig {
  const json = parseJsonObject(text);
  const { cniVersion, name, prevResult, runtimeConfig } = json;
  if (!isSupportedCniVersion(cniVersion)) {
    const given = cniVersion === undefined ? 'no cniVersion' : `cniVersion ${quoted(cniVersion)}`;
    throw new CniError(
      CNI_CODE.incompatibleVersion,
      `${given} is not supported`,
      `supported: ${SUPPORTED_CNI_VERSIONS.join(', ')}`,
    );
  }
  if (typeof name !== 'string' || !CNI_NAME.test(name)) {
    throw new CniError(
      CNI_CODE.invalidNetworkConfig,
      name === undefined ? 'the network configuration has no name' : `name ${quoted(name)} is not a network's name`,
      'letters, digits, "_", "." and "-", beginning with a letter or digit',
    );
  }
  if (prevResult !== undefined && prevResult !== null && !isRecord(prevResult)) {
    throw new CniError(CNI_CODE.invalidNetworkConfig, 'prevResult is not an object');
  }
  refuseUnsupported(runtimeConfig);
  return { cniVersion, name, prevResult: isRecord(prevResult) ? prevResult : undefined };
}

function parseJsonObject(text: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new CniError(CNI_CODE.decode, 'the network configuration is not JSON', (cause as Error).message, { cause });
  }
  if (!isRecord(json)) throw new CniError(CNI_CODE.decode, 'the network configuration is not a JSON object');
  return json;
}

function refuseUnsupported(runtimeConfig: unknown): void {
  if (!isRecord(runtimeConfig)) return;
  for (const capability of UNSUPPORTED_CAPABILITIES) {
    const value = runtimeConfig[capability];
    if (value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)) continue;
    throw new CniError(
      CNI_CODE.unsupportedField,
      `runtimeConfig.${capability} is not supported: ${quoted(value)}`,
      `take ${JSON.stringify(capability)} out of the capabilities of plugin "coil" in the network configuration`,
    );
  }
}
