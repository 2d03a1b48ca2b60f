// What every service without a database shows of the events that it hands over to gateways.
import type { Logger } from '../logging/logger.ts';
import type { Metrics } from './metrics.ts';

/** Who hands events over. */
export interface HandingClient {
  /** Events that no gateway has written yet. */
  readonly pendingEvents: number;
}

/** The clients of each process: in one process several services hand events over. */
const clients = new WeakMap<Metrics, Set<HandingClient>>();

/**
 * The metrics of events on their way to gateways, and a warning when some are dropped.
 *
 * @returns the option `handover` of a client, and what counts its pending events from then on
 */
export function watchHandedEvents(metrics: Metrics, logger: Pick<Logger, 'warn'>) {
  const dropped = metrics.counter(
    'handed_events_dropped_total',
    'Events dropped because too many of their tenant were waiting for a gateway to write them.',
  );
  dropped.inc(0);
  return {
    handover: {
      onDropped: (tenantId: string, isFirst: boolean): void => {
        dropped.inc();
        if (isFirst)
          logger.warn({ tenant_id: tenantId }, 'too many events are waiting for a gateway; dropping the oldest ones');
      },
    },
    follow: (client: HandingClient): void => {
      const known = clients.get(metrics);
      if (known !== undefined) return void known.add(client);
      const all = new Set([client]);
      clients.set(metrics, all);
      const pending = metrics.gauge('handed_events_pending', 'Events that no gateway has written yet.');
      metrics.beforeCollect(() => pending.set([...all].reduce((sum, { pendingEvents }) => sum + pendingEvents, 0)));
    },
  };
}
