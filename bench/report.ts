import type { CrowdTimes } from './all-at-once.ts';
import type { Contestant } from './contestant.ts';
import type { Floor } from './floor.ts';
import type { CallTimes } from './one-by-one.ts';
import { median, percentile } from './statistics.ts';
import { formatTable } from './table.ts';
import { LIMITS, type Target } from './targets.ts';

/** All that was measured; times in milliseconds. */
export interface Measurements {
  readonly pods: number;
  readonly single: ReadonlyMap<Contestant, CallTimes>;
  readonly crowd: ReadonlyMap<Contestant, CrowdTimes>;
  readonly floor: Floor;
  /** coild's resident memory with all Pods, of each contestant that has one, in MB. */
  readonly residentMb: ReadonlyMap<Contestant, number>;
  readonly poolList: readonly number[];
}

/** @param reference whom the others are compared with */
export function formatReport(measured: Measurements, reference: Contestant): string {
  const { floor, poolList, residentMb, pods } = measured;
  const memory = [...residentMb].map(([{ name }, mb]) => [`coild with ${pods} Pods, ${name}`, `${mb.toFixed(0)} MB`]);
  return [
    'One Pod after the other, milliseconds',
    singleTable(measured, reference),
    `${pods} Pods at once, milliseconds`,
    crowdTable(measured, reference),
    'For orientation, medians',
    formatTable([
      ['start and end of an empty static executable', `${ms(floor.spawn)} ms`],
      ['transaction of etcd from Node', `${ms(floor.etcd)} ms`],
      ['coilctl pool list', `${ms(median(poolList))} ms`],
      ...memory,
    ]),
  ].join('\n');
}

/** What is measured against the design's budgets. */
export function targetsOf({ single }: Measurements, subject: Contestant, reference: Contestant): readonly Target[] {
  const ratio = (of: keyof CallTimes): number => median(single.get(subject)![of]) / median(single.get(reference)![of]);
  return [
    { what: `ADD, ${subject.name}`, ratio: ratio('add'), ...LIMITS.add },
    { what: `DEL, ${subject.name}`, ratio: ratio('del'), ...LIMITS.del },
  ];
}

function singleTable({ single }: Measurements, reference: Contestant): string {
  const base = single.get(reference)!;
  const rows = (
    [
      ['ADD', 'add'],
      ['DEL', 'del'],
      ['DEL until the link is gone', 'gone'],
    ] as const
  ).flatMap(([what, of]) =>
    [...single].map(([{ name }, times]) => [
      `${what}, ${name}`,
      ms(median(times[of])),
      ms(percentile(times[of], 0.9)),
      ratio(median(times[of]), median(base[of])),
    ]),
  );
  return formatTable([['', 'median', 'p90', 'ratio'], ...rows]);
}

function crowdTable({ crowd, pods }: Measurements, reference: Contestant): string {
  const base = crowd.get(reference)!;
  const row = (name: string, times: CrowdTimes): string[] => [
    name,
    ms(median(times.add)),
    ratio(median(times.add), median(base.add)),
    ms(median(times.del)),
    ms(median(times.gone)),
    ratio(median(times.gone), median(base.gone)),
    String(times.failures),
    `${times.distinctAddresses} of ${pods}`,
  ];
  const head = ['', 'ADD', 'ratio', 'DEL', 'links gone', 'ratio', 'failed', 'addresses'];
  return formatTable([head, ...[...crowd].map(([{ name }, times]) => row(name, times))]);
}

function ms(value: number): string {
  return value.toFixed(value < 100 ? 2 : 0);
}

function ratio(value: number, base: number): string {
  return (value / base).toFixed(2);
}
