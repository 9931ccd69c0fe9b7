import { blocksAreRouted } from './blocks-are-routed.ts';
import { coildIsReplaced } from './coild-is-replaced.ts';
import { datastoreIsDown } from './datastore-is-down.ts';
import { manyPods } from './many-pods.ts';
import { nodeIsDeleted } from './node-is-deleted.ts';
import { nodeIsRebooted } from './node-is-rebooted.ts';
import { nodesBecomeReady } from './nodes-become-ready.ts';
import { otherPlugins } from './other-plugins.ts';
import { podsComeAndGo } from './pods-come-and-go.ts';
import { podsComeBack } from './pods-come-back.ts';
import { poolOfNamespace } from './pool-of-namespace.ts';
import type { Scenario } from './scenario.ts';

/** By their numbers, from 1. */
export const SCENARIOS: readonly Scenario[] = [
  nodesBecomeReady,
  manyPods,
  poolOfNamespace,
  blocksAreRouted,
  podsComeBack,
  coildIsReplaced,
  nodeIsDeleted,
  datastoreIsDown,
  nodeIsRebooted,
  otherPlugins,
  podsComeAndGo,
];
