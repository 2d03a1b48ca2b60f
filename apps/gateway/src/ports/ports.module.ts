// Makes what the gateway was given available to all its modules.
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import {
  CONTROL_PLANE,
  ControlPlaneClient,
  RELAY_CONTROL,
  RelayControlClient,
  ROOM_CONTROL,
  RoomControlClient,
} from '@millrace/control';
import { FRAME_BUS } from '@millrace/frame-bus';
import { LIVE_STORE, PRESENCE_STORE } from '@millrace/live-store';
import { NO_TRACER } from '@millrace/service-kit';
import { createGatewayMetrics } from './gateway-metrics.ts';
import type { GatewayOptions } from '../gateway-options.ts';
import { GATEWAY_LOGGER, GATEWAY_METRICS, GATEWAY_SETTINGS, METRICS, READINESS, TRACER } from './tokens.ts';

@Module({})
export class PortsModule {
  static register(options: GatewayOptions): DynamicModule {
    const {
      settings,
      liveStore,
      presence,
      frameBus,
      control,
      metrics,
      logger,
      readiness,
      tracer = NO_TRACER,
    } = options;
    const onError = (subject: string, error: unknown): void =>
      logger.warn({ err: error, subject }, 'control message not sent');
    const client = { onError, traceparent: () => tracer.current?.traceparent };
    const providers = [
      { provide: GATEWAY_SETTINGS, useValue: settings },
      { provide: GATEWAY_LOGGER, useValue: logger },
      { provide: GATEWAY_METRICS, useValue: createGatewayMetrics(metrics) },
      { provide: METRICS, useValue: metrics },
      { provide: READINESS, useValue: readiness },
      { provide: TRACER, useValue: tracer },
      { provide: LIVE_STORE, useValue: liveStore },
      { provide: PRESENCE_STORE, useValue: presence },
      { provide: FRAME_BUS, useValue: frameBus },
      { provide: CONTROL_PLANE, useValue: new ControlPlaneClient(control, client) },
      { provide: ROOM_CONTROL, useValue: new RoomControlClient(control, client) },
      { provide: RELAY_CONTROL, useValue: new RelayControlClient(control, client) },
    ];
    return { module: PortsModule, global: true, providers, exports: providers.map(({ provide }) => provide) };
  }
}
