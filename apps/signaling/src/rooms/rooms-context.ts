// What every part of one signaling pod shares, sockets and participants included.
import { ROOM_CONTROL } from '@millrace/control';
import type { RoomControl } from '@millrace/control';
import { PRESENCE_STORE } from '@millrace/live-store';
import type { Delivery, PresenceStore, RoomChange } from '@millrace/live-store';
import { LOGGER, TRACER } from '@millrace/service-kit';
import type { Logger, Tracer } from '@millrace/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { SignalingMetrics } from '../metrics/signaling-metrics.ts';
import type { RoomsSettings } from '../settings.ts';
import { SIGNALING_METRICS, SIGNALING_SETTINGS } from '../signaling-options.ts';
import { NoteRouter } from './note-router.ts';
import { SeatRegistry } from './seat-registry.ts';
import { StraySeats } from './stray-seats.ts';

@Injectable()
export class RoomsContext {
  constructor(
    @Inject(SIGNALING_SETTINGS) readonly settings: RoomsSettings,
    @Inject(PRESENCE_STORE) readonly presence: PresenceStore,
    @Inject(ROOM_CONTROL) readonly control: RoomControl,
    @Inject(SIGNALING_METRICS) readonly metrics: SignalingMetrics,
    @Inject(LOGGER) readonly logger: Logger,
    @Inject(TRACER) readonly tracer: Tracer,
    readonly seats: SeatRegistry,
    readonly router: NoteRouter,
    readonly strays: StraySeats,
  ) {}
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
