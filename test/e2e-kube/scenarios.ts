import { blocksAreRouted } from './blocks-are-routed.ts';
import { manyPods } from './many-pods.ts';
import { nodesBecomeReady } from './nodes-become-ready.ts';
import { poolOfNamespace } from './pool-of-namespace.ts';
import type { Scenario } from './scenario.ts';

/** By their numbers, from 1. */
export const SCENARIOS: readonly Scenario[] = [nodesBecomeReady, manyPods, poolOfNamespace, blocksAreRouted];
