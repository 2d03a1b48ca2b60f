// What every part of one signaling pod shares.
import type { RoomControl } from '@millrace/control';
import type { Delivery, PresenceStore, RoomChange } from '@millrace/live-store';
import type { Logger, Tracer } from '@millrace/service-kit';
import type { SignalingMetrics } from '../metrics/signaling-metrics.ts';
import type { RoomsSettings } from '../signaling-options.ts';
import type { NoteRouter } from './note-router.ts';
import type { SeatRegistry } from './seat-registry.ts';
import type { StraySeats } from './stray-seats.ts';

export interface RoomsContext {
  readonly settings: RoomsSettings;
  readonly presence: PresenceStore;
  readonly control: RoomControl;
  readonly metrics: SignalingMetrics;
  readonly logger: Logger;
  readonly tracer: Tracer;
  readonly seats: SeatRegistry;
  readonly router: NoteRouter;
  readonly strays: StraySeats;
}

/** Publishes the effects of a store operation to everyone affected. */
export function publishChange(context: RoomsContext, { departures, deliveries }: RoomChange): void {
  context.router.pass(deliveries);
  context.router.passDepartures(departures);
  for (const { profile, reason } of departures) {
    const { tenantId, roomId, participantId } = profile;
    context.metrics.departures.inc({ reason });
    context.control.participantLeft({ tenantId, roomId, participantId, atMs: Date.now(), reason });
  }
}

/** Does something that must not fail its caller: what fails is counted, and mended by leases. */
export async function attempt(
  { metrics, logger }: RoomsContext,
  op: string,
  act: () => Promise<readonly Delivery[] | undefined | void>,
  router?: NoteRouter,
): Promise<void> {
  try {
    const deliveries = await act();
    if (deliveries) router?.pass(deliveries);
  } catch (error) {
    metrics.storeFailures.inc({ op });
    logger.warn({ err: error, op }, 'presence store problem');
  }
}
