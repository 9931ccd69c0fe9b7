import { nodesBecomeReady } from './nodes-become-ready.ts';
import type { Scenario } from './scenario.ts';

/** By their numbers, from 1. */
export const SCENARIOS: readonly Scenario[] = [nodesBecomeReady];
