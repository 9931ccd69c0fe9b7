import type { Guard } from './guard.ts';

const PROMETHEUS = 'src/process/prometheus-metrics.test.ts';

export const METRIC_GUARDS: readonly Guard[] = [
  {
    name: 'what is counted later',
    file: 'src/process/prometheus-metrics.ts',
    from: 'this.#later(() => counter.inc(labels, by))',
    to: 'counter.inc(labels, by)',
    tests: [PROMETHEUS],
  },
  {
    name: 'no sample of what cannot be read',
    file: 'src/process/prometheus-metrics.ts',
    from: '  } catch {\n    clear();',
    to: '  } catch {\n    set({}, 0);',
    tests: [PROMETHEUS],
  },
  {
    name: 'the commands that are labels',
    file: 'src/coild/request-metrics.ts',
    from: "CNI_COMMANDS.find((known) => known === given) ?? 'other'",
    to: "given ?? 'other'",
    tests: ['test/e2e/metrics.test.ts'],
    only: 'tell of errors',
    built: true,
  },
];
