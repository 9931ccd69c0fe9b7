import { CoilError } from './error.ts';
import type { IpAddress } from './ip-address.ts';

/** A Pod, or somebody else, has the address on this node, and nobody has a record of that. The message names its link. */
export class LiveAddressError extends CoilError {
  readonly address: IpAddress;

  constructor(address: IpAddress, message: string) {
    super('address-live', message);
    this.address = address;
  }
}
