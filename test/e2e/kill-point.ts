/** A call of the plugin, or what coild does for itself when it starts: it reads the node's state, and exports its blocks. */
export type Verb = 'ADD' | 'DEL' | 'START';

/** Where a failing coild kills itself. */
export interface KillPoint {
  readonly verb: Verb;
  /** The number of the step, from 0. */
  readonly at: number;
  readonly when: 'before' | 'after';
}

/** How a failing coild ends that did not come to its point: calls that note something in the journal may share a commit. */
export const UNREACHED = 77;

/** A point, and what the step does: `netlink: ip link show dev lo`. */
export interface NamedPoint extends KillPoint {
  readonly what: string;
}

/** A failing coild that does not fail, but writes its steps to a file: `ADD netlink: ip link show dev lo`. */
export interface StepReport {
  /** The file's path. */
  readonly report: string;
}

/** All points of what is called `verb` in a report. */
export function killPoints(report: string, verb: Verb): readonly NamedPoint[] {
  const lines = report.split('\n').filter((line) => line.startsWith(`${verb} `));
  const steps = lines.map((line) => line.slice(verb.length + 1));
  return steps.flatMap((what, at) => (['before', 'after'] as const).map((when) => ({ verb, at, when, what })));
}
