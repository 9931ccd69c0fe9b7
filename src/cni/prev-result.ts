import type { IpAddress } from '../model/ip-address.ts';
import { IpPrefix } from '../model/ip-prefix.ts';
import { isRecord } from '../model/json.ts';

/**
 * What of an attachment is not in the result that the runtime kept of its ADD, in words; undefined where all is.
 * Plugins that came later in the chain may have added to it.
 */
export function findMissing(
  prevResult: Readonly<Record<string, unknown>>,
  expected: { readonly netns: string; readonly ifname: string; readonly addresses: readonly IpAddress[] },
): string | undefined {
  const interfaces = recordsOf(prevResult.interfaces);
  const index = interfaces.findIndex(({ name, sandbox }) => name === expected.ifname && sandbox === expected.netns);
  if (index < 0) return `prevResult.interfaces has no interface ${expected.ifname} of ${expected.netns}`;
  const ips = recordsOf(prevResult.ips).filter((ip) => ip.interface === index);
  const found = ips.map(({ address }) =>
    typeof address === 'string' ? IpPrefix.tryParse(address)?.address : undefined,
  );
  const missing = expected.addresses.find((address) => !found.some((candidate) => candidate?.equals(address)));
  return missing && `prevResult.ips has no ${missing}, which is assigned to the interface`;
}

function recordsOf(list: unknown): readonly Record<string, unknown>[] {
  return Array.isArray(list) ? list.map((item) => (isRecord(item) ? item : {})) : [];
}
