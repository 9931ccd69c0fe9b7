import { readdirSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';
import { type Metrics, single } from './metrics.ts';
import { VERSION } from './version.ts';

/**
 * What the process itself takes, by the names that all Prometheus clients have. Not prom-client's own set: that measures
 * the event loop by a timer of 10 ms, for as long as the process runs.
 */
export function addProcessMetrics(metrics: Metrics, program: string): void {
  metrics.gauge({ name: 'coil_build_info', help: 'Always 1', labels: ['program', 'version', 'node'] }, () => [
    { labels: { program, version: VERSION, node: process.version }, value: 1 },
  ]);
  metrics.total({ name: 'process_cpu_seconds_total', help: 'CPU time, of the user and the system' }, () => {
    const { user, system } = process.cpuUsage();
    return single((user + system) / 1e6);
  });
  const startSeconds = Date.now() / 1000 - process.uptime();
  metrics.gauge({ name: 'process_start_time_seconds', help: 'Start of the process, since 1970' }, () =>
    single(startSeconds),
  );
  metrics.gauge({ name: 'process_resident_memory_bytes', help: 'Memory that is resident' }, () =>
    single(process.memoryUsage.rss()),
  );
  metrics.gauge({ name: 'process_open_fds', help: 'File descriptors that are open' }, () =>
    single(readdirSync('/proc/self/fd').length),
  );
  metrics.gauge({ name: 'nodejs_heap_used_bytes', help: "Memory of V8's heap that is in use" }, () =>
    single(getHeapStatistics().used_heap_size),
  );
  metrics.gauge({ name: 'nodejs_heap_limit_bytes', help: "What V8's heap may grow to" }, () =>
    single(getHeapStatistics().heap_size_limit),
  );
}
