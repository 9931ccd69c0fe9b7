import { createHash } from 'node:crypto';

const MAX_BYTES = 255; // IFALIASZ, linux/if.h, is 256 with a closing NUL

/** What a host-side link carries as its alias: whose it is. Hashed where the kernel would not take it for its length. */
export function ownerAlias(containerId: string, ifname: string): string {
  const alias = `${containerId}/${ifname}`;
  if (Buffer.byteLength(alias) <= MAX_BYTES) return alias;
  return `sha256:${createHash('sha256').update(alias).digest('hex')}`;
}

const OWNER_ALIAS = /^(?:[a-zA-Z0-9][\w.-]*\/[^/\s]+|sha256:[0-9a-f]{64})$/;

/** Whether an alias looks like one that `ownerAlias` makes. */
export function isOwnerAlias(alias: string): boolean {
  return OWNER_ALIAS.test(alias);
}
