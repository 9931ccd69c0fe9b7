/** The values of a metric's labels. */
export type Labels<L extends string> = Readonly<Record<L, string>>;

/** A metric as Prometheus has it: units are seconds and bytes, and stand in its name. */
export interface MetricOptions<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly L[];
}

export interface CounterOptions<L extends string> extends MetricOptions<L> {
  /** What is there from the start, at 0: a rate needs a value before the first change. */
  readonly from?: readonly Labels<L>[];
}

export interface HistogramOptions<L extends string> extends MetricOptions<L> {
  /** Upper bounds, in ascending order. */
  readonly buckets: readonly number[];
}

export interface Counter<L extends string> {
  add(labels: Labels<L>, by?: number): void;
}

export interface Histogram<L extends string> {
  observe(labels: Labels<L>, value: number): void;
}

export interface Sample<L extends string> {
  readonly labels: Labels<L>;
  readonly value: number;
}

/** Asked at each scrape. Where it throws, the metric has no samples then. */
export type ReadSamples<L extends string> = () => Iterable<Sample<L>> | Promise<Iterable<Sample<L>>>;

/**
 * Where a process counts what it does. Whoever counts is not held up: what is counted is worked in later, and before the
 * next scrape.
 */
export interface Metrics {
  counter<L extends string = never>(options: CounterOptions<L>): Counter<L>;
  histogram<L extends string = never>(options: HistogramOptions<L>): Histogram<L>;
  /** What is so at the moment. */
  gauge<L extends string = never>(options: MetricOptions<L>, read: ReadSamples<L>): void;
  /** What somebody else counts; it only grows. */
  total<L extends string = never>(options: MetricOptions<L>, read: ReadSamples<L>): void;
}

/** A value without labels, for `Metrics.gauge`. */
export function single(value: number): readonly Sample<never>[] {
  return [{ labels: {}, value }];
}

/** Counts nothing. */
export const nullMetrics: Metrics = {
  counter: () => ({ add() {} }),
  histogram: () => ({ observe() {} }),
  gauge() {},
  total() {},
};
