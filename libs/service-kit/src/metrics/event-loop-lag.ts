// How late the event loop is, from the wake-ups of repeated work: an idle process is waken up for a sample now and then only.
import { createHistogram } from 'node:perf_hooks';
import { observeSharedBeats, onSharedBeat } from '@millrace/domain';
import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';

/** There is a sample at least so often, also where nothing else is repeated. */
const SAMPLE_MS = 5_000;
const NS_PER_MS = 1e6;
const NS_PER_SECOND = 1e9;

/** What the library's own sampler exports: a timer of its own would wake an idle process more often than all the rest. */
const FROM_TIMER = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'] as const;
/** Longer than a process lives. */
export const NO_TIMER_MS = 2 ** 31 - 1;

/**
 * Puts the lag of a timer into the registry, in place of the library's own figures, which the library takes with a precision of `NO_TIMER_MS`
 * then. They cover the time since the collection before.
 */
export function watchEventLoopLag(registry: Registry, prefix: string): void {
  const name = (which: string): string => `${prefix}nodejs_eventloop_lag_${which}_seconds`;
  for (const which of FROM_TIMER) registry.removeSingleMetric(name(which));
  // A histogram counts from 1.
  const lag = createHistogram({ lowest: 1, highest: NO_TIMER_MS * NS_PER_MS });
  onSharedBeat(SAMPLE_MS, () => undefined);
  observeSharedBeats((lateMs) => lag.record(Math.max(1, Math.round(lateMs * NS_PER_MS))));
  const registers = [registry];
  const add = (which: string, help: string, read: () => number): void =>
    void new Gauge({
      name: name(which),
      help,
      registers,
      collect() {
        this.set(lag.count === 0 ? 0 : read() / NS_PER_SECOND);
      },
    });
  add('p50', 'Half of the timers since the collection before were less late than this, in seconds.', () =>
    lag.percentile(50),
  );
  add('p99', 'Of the timers since the collection before, 99 % were less late than this, in seconds.', () =>
    lag.percentile(99),
  );
  // The last one in the registry, and so in a collection: it begins anew.
  add('max', 'The latest timer since the collection before, in seconds.', () => {
    const { max } = lag;
    lag.reset();
    return max;
  });
}
