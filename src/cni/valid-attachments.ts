import { isRecord, parseJson } from '../model/json.ts';
import { CNI_CODE, CniError } from './cni-error.ts';
import { quoted } from './quoted.ts';

/** The second one is what libcni writes too, after an earlier text of the specification (containernetworking/cni #1101). */
const MEMBERS = ['cni.dev/valid-attachments', 'cni.dev/attachments'] as const;

/** One text for each attachment of a runtime. */
export function attachmentKey({ containerId, ifname }: { readonly containerId: string; readonly ifname: string }) {
  return `${containerId}/${ifname}`;
}

/**
 * Keys of the attachments that the runtime has, from the network configuration of a GC (CNI SPEC.md 1.1.0, section 2
 * "GC"). An empty list says that there are none; that there is no list, or one that cannot be read, says nothing.
 * @throws {CniError} invalidNetworkConfig
 */
export function parseValidAttachments(netconf: string): ReadonlySet<string> {
  const json = parseJson(netconf);
  const member = isRecord(json) ? MEMBERS.find((name) => json[name] !== undefined && json[name] !== null) : undefined;
  if (!isRecord(json) || member === undefined) throw invalid(`${MEMBERS[0]} is missing`);
  const list = json[member];
  if (!Array.isArray(list)) throw invalid(`${member} is not a list: ${quoted(list)}`);
  return new Set(list.map((item: unknown) => readKey(member, item)));
}

function readKey(member: string, item: unknown): string {
  const { containerID: containerId, ifname } = isRecord(item) ? item : {};
  if (typeof containerId === 'string' && containerId !== '' && typeof ifname === 'string' && ifname !== '')
    return attachmentKey({ containerId, ifname });
  throw invalid(`${member} has an item without containerID and ifname`);
}

function invalid(msg: string): CniError {
  const details = 'without the whole list of what is in use nothing can be told to be garbage; nothing was changed';
  return new CniError(CNI_CODE.invalidNetworkConfig, msg, details);
}
