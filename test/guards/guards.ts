import { ADDRESS_GUARDS } from './address-guards.ts';
import { BLOCK_GUARDS } from './block-guards.ts';
import { CALL_GUARDS } from './call-guards.ts';
import { DATASTORE_GUARDS } from './datastore-guards.ts';
import type { Guard } from './guard.ts';
import { INPUT_GUARDS } from './input-guards.ts';
import { LEAK_GUARDS } from './leak-guards.ts';
import { METRIC_GUARDS } from './metric-guards.ts';
import { NETWORK_GUARDS } from './network-guards.ts';
import { OFFLINE_GUARDS } from './offline-guards.ts';
import { UNCERTAINTY_GUARDS } from './uncertainty-guards.ts';

export const GUARDS: readonly Guard[] = [
  ...ADDRESS_GUARDS,
  ...BLOCK_GUARDS,
  ...LEAK_GUARDS,
  ...NETWORK_GUARDS,
  ...CALL_GUARDS,
  ...DATASTORE_GUARDS,
  ...METRIC_GUARDS,
  ...INPUT_GUARDS,
  ...OFFLINE_GUARDS,
  ...UNCERTAINTY_GUARDS,
];
