/** linux/socket.h */
export const AddressFamily = { unspecified: 0, inet: 2, inet6: 10 } as const;

/** The family of an address of 4 or 16 bytes in network byte order. @throws {RangeError} for any other length */
export function familyOf(address: Uint8Array): number {
  if (address.length === 4) return AddressFamily.inet;
  if (address.length === 16) return AddressFamily.inet6;
  throw new RangeError(`an address has 4 or 16 bytes, not ${address.length}`);
}

/** The length of the prefix that holds just `address`: 32 or 128. */
export function fullLength(address: Uint8Array): number {
  return address.length * 8;
}

/** For error messages only. */
export function printAddress(address: Uint8Array): string {
  if (address.length === 4) return address.join('.');
  const groups = Array.from({ length: address.length >> 1 }, (_, i) => (address[2 * i]! << 8) | address[2 * i + 1]!);
  return groups.map((group) => group.toString(16)).join(':');
}
