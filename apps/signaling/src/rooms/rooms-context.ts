// What every part of one signaling pod shares, sockets and participants included.
import { ROOM_CONTROL } from '@millrace/control';
import type { RoomControl } from '@millrace/control';
import type { MuteState, ParticipantProfile } from '@millrace/domain';
import { PRESENCE_STORE } from '@millrace/live-store';
import type { Delivery, PresenceStore, RoomChange } from '@millrace/live-store';
import { LOGGER, TRACER } from '@millrace/service-kit';
import type { Logger, Tracer } from '@millrace/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { SignalingMetrics } from '../metrics/signaling-metrics.ts';
import type { RoomsSettings } from '../settings.ts';
import { SIGNALING_METRICS, SIGNALING_SETTINGS } from '../signaling-options.ts';
import { NoteRouter } from './note-router.ts';
import { ParticipantTime } from './participant-time.ts';
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
    readonly time: ParticipantTime,
  ) {}
}

export type TrackKind = keyof MuteState;
const TRACK_KINDS = ['audio', 'video', 'screen'] as const satisfies readonly TrackKind[];
export const NO_TRACKS: ReadonlySet<TrackKind> = new Set();

/** What a participant says that it sends. One that may not publish sends nothing, whatever it says. */
export const sentTracks = ({ muted, permissions }: ParticipantProfile): ReadonlySet<TrackKind> =>
  permissions.publish ? new Set(TRACK_KINDS.filter((kind) => !muted[kind])) : NO_TRACKS;

/** Tells gateways which tracks a participant sends now and did not before, and the other way round. */
export function tellTracks(
  { control }: RoomsContext,
  { tenantId, roomId, participantId }: ParticipantProfile,
  before: ReadonlySet<TrackKind>,
  after: ReadonlySet<TrackKind>,
): void {
  const atMs = Date.now();
  for (const kind of TRACK_KINDS) {
    if (before.has(kind) === after.has(kind)) continue;
    const change = { tenantId, roomId, participantId, kind, atMs };
    if (after.has(kind)) control.trackPublished(change);
    else control.trackUnpublished(change);
  }
}

/** Publishes the effects of a store operation to everyone affected. */
export function publishChange(context: RoomsContext, { departures, deliveries }: RoomChange): void {
  context.router.pass(deliveries);
  context.router.passDepartures(departures);
  for (const { profile, reason } of departures) {
    const { tenantId, roomId, participantId, identity, name } = profile;
    const atMs = Date.now();
    context.metrics.departures.inc({ reason });
    tellTracks(context, profile, sentTracks(profile), NO_TRACKS);
    context.control.participantLeft({ tenantId, roomId, participantId, identity, name, atMs, reason });
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
