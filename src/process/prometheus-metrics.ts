import PromCounter from 'prom-client/lib/counter.js';
import PromGauge from 'prom-client/lib/gauge.js';
import PromHistogram from 'prom-client/lib/histogram.js';
import Registry from 'prom-client/lib/registry.js';
import type {
  Counter,
  CounterOptions,
  Histogram,
  HistogramOptions,
  MetricOptions,
  Metrics,
  ReadSamples,
} from './metrics.ts';

/** What is counted waits for this long at most, in milliseconds, and so many at most wait. */
const LATE_MS = 100;
const MAX_LATE = 1000;

/** All metrics of a process, in Prometheus' text format. */
export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/** Metrics for Prometheus. Each is declared once. */
export class PrometheusMetrics implements Metrics {
  readonly #registry = new Registry();
  #late: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #underWay: Promise<Exposition> | undefined;

  counter<L extends string = never>({ from = [], ...options }: CounterOptions<L>): Counter<L> {
    const counter = new PromCounter<L>(this.#configuration(options));
    for (const labels of from) counter.inc(labels, 0);
    return { add: (labels, by = 1) => this.#later(() => counter.inc(labels, by)) };
  }

  histogram<L extends string = never>({ buckets, ...options }: HistogramOptions<L>): Histogram<L> {
    const histogram = new PromHistogram<L>({ ...this.#configuration(options), buckets: [...buckets] });
    return { observe: (labels, value) => this.#later(() => histogram.observe(labels, value)) };
  }

  gauge<L extends string = never>(options: MetricOptions<L>, read: ReadSamples<L>): void {
    const gauge: PromGauge<L> = new PromGauge<L>({
      ...this.#configuration(options),
      collect: () => collect(gauge, read, (labels, value) => gauge.set(labels, value)),
    });
  }

  total<L extends string = never>(options: MetricOptions<L>, read: ReadSamples<L>): void {
    const counter: PromCounter<L> = new PromCounter<L>({
      ...this.#configuration(options),
      collect: () => collect(counter, read, (labels, value) => counter.inc(labels, value)),
    });
  }

  /** All metrics as they are now; who asks at the same time gets the same. */
  exposition(): Promise<Exposition> {
    this.#underWay ??= this.#expose().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  async #expose(): Promise<Exposition> {
    this.#workIn();
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  #configuration<L extends string>({ name, help, labels = [] }: MetricOptions<L>) {
    return { name, help, labelNames: [...labels], registers: [this.#registry] };
  }

  #later(record: () => void): void {
    this.#late.push(record);
    if (this.#late.length >= MAX_LATE) this.#workIn();
    else this.#timer ??= setTimeout(() => this.#workIn(), LATE_MS).unref();
  }

  #workIn(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const records = this.#late;
    this.#late = [];
    for (const record of records) record();
  }
}

async function collect<L extends string>(
  metric: { reset(): void; remove(labels: object): void },
  read: ReadSamples<L>,
  set: (labels: Partial<Record<L, string | number>>, value: number) => void,
): Promise<void> {
  // without labels there is a sample from the start, and after a reset: 0 would be a lie where it cannot be read
  const clear = () => {
    metric.reset();
    metric.remove({});
  };
  try {
    const samples = await read();
    clear();
    for (const { labels, value } of samples) set(labels, value);
  } catch {
    clear();
  }
}
