/** Nearest-rank percentile of at least one value; `share` from 0 to 1. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new RangeError('no value was measured');
  return value;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}
