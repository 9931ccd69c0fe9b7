import { ADDRESS_CASES } from './cni-client-address-cases.ts';
import type { ClientCase } from './cni-client-case.ts';
import { FAILURE_CASES } from './cni-client-failure-cases.ts';
import { HANDOVER_CASES } from './cni-client-handover-cases.ts';
import { ENVIRONMENT_CASES, NETCONF_CASES, VERSION_CASES } from './cni-client-input-cases.ts';

/** The contract of a CNI client of coild: launcher/coil.c and src/programs/coil.ts both keep it, to the letter. */
export const CLIENT_CASES: readonly ClientCase[] = [
  ...HANDOVER_CASES,
  ...ADDRESS_CASES,
  ...NETCONF_CASES,
  ...VERSION_CASES,
  ...ENVIRONMENT_CASES,
  ...FAILURE_CASES,
];
