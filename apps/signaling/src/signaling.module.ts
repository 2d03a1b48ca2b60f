// Wiring only: signaling with the ports that it is given.
import { Module } from '@nestjs/common';
import type { DynamicModule, Provider } from '@nestjs/common';
import { ROOM_BUS, ROOM_CONTROL, RoomControlClient, UsageReporter } from '@millrace/control';
import type { RoomBus } from '@millrace/control';
import { PRESENCE_STORE } from '@millrace/live-store';
import { contextProviders, LOGGER, METRICS, TRACER, watchHandedEvents } from '@millrace/service-kit';
import type { Logger, Metrics, Tracer } from '@millrace/service-kit';
import type { ClientProxy } from '@nestjs/microservices';
import { AdmissionControl } from './admission/admission-control.ts';
import { signalingMetrics } from './metrics/signaling-metrics.ts';
import type { SignalingMetrics } from './metrics/signaling-metrics.ts';
import { RoomChangesController } from './room-changes.controller.ts';
import { RoomsServer } from './rooms-server.ts';
import { NoteRouter } from './rooms/note-router.ts';
import { ParticipantTime } from './rooms/participant-time.ts';
import { RoomChanges } from './rooms/room-changes.ts';
import { RoomsContext } from './rooms/rooms-context.ts';
import { Rooms } from './rooms/rooms.ts';
import { SeatKeeper } from './rooms/seat-keeper.ts';
import { SeatRegistry } from './rooms/seat-registry.ts';
import { StraySeats } from './rooms/stray-seats.ts';
import { checkedSettings } from './settings.ts';
import type { RoomsSettings } from './settings.ts';
import { SIGNALING_METRICS, SIGNALING_SETTINGS } from './signaling-options.ts';
import type { SignalingOptions } from './signaling-options.ts';
import { SignalingService } from './signaling.service.ts';

const controlProvider = (control: ClientProxy): Provider => ({
  provide: ROOM_CONTROL,
  inject: [SIGNALING_METRICS, LOGGER, TRACER, METRICS],
  useFactory: ({ controlFailures }: SignalingMetrics, logger: Logger, tracer: Tracer, metrics: Metrics) => {
    const handed = watchHandedEvents(metrics, logger);
    const client = new RoomControlClient(control, {
      handover: handed.handover,
      traceparent: () => tracer.current?.traceparent,
      onError: (subject, error) => {
        controlFailures.inc({ subject });
        logger.warn({ err: error, subject }, 'control message not delivered');
      },
    });
    handed.follow(client);
    return client;
  },
});

const usageProvider = (control: ClientProxy): Provider => ({
  provide: UsageReporter,
  inject: [SIGNALING_METRICS, LOGGER],
  useFactory: ({ controlFailures }: SignalingMetrics, logger: Logger) =>
    UsageReporter.over(control, {
      onError: (subject, error) => {
        controlFailures.inc({ subject });
        logger.debug({ err: error, subject }, 'usage not reported; trying again');
      },
    }),
});

@Module({})
export class SignalingModule {
  /** Signaling on these ports. It opens its own port with the application, and sends its clients elsewhere before that ends. */
  static register(options: SignalingOptions): DynamicModule {
    return {
      module: SignalingModule,
      controllers: [RoomChangesController],
      providers: [
        ...contextProviders(options),
        { provide: SIGNALING_SETTINGS, useFactory: () => checkedSettings(options.settings) },
        { provide: SIGNALING_METRICS, inject: [METRICS], useFactory: signalingMetrics },
        { provide: PRESENCE_STORE, useValue: options.presence },
        { provide: ROOM_BUS, useValue: options.roomBus },
        controlProvider(options.control),
        usageProvider(options.control),
        ParticipantTime,
        SeatRegistry,
        StraySeats,
        {
          provide: NoteRouter,
          inject: [SIGNALING_SETTINGS, ROOM_BUS, SeatRegistry],
          useFactory: ({ instanceId }: RoomsSettings, bus: RoomBus, seats: SeatRegistry) =>
            new NoteRouter(instanceId, bus, seats),
        },
        RoomsContext,
        SeatKeeper,
        Rooms,
        RoomChanges,
        {
          provide: AdmissionControl,
          inject: [SIGNALING_SETTINGS],
          useFactory: (settings: RoomsSettings) => new AdmissionControl(settings),
        },
        RoomsServer,
        SignalingService,
      ],
      exports: [Rooms, RoomsServer],
    };
  }
}
