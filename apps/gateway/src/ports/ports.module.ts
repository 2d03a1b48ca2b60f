// Makes what the gateway was given available to all its modules.
import { Module, type DynamicModule } from '@nestjs/common';
import {
  CONTROL_PLANE,
  ControlPlaneClient,
  RELAY_CONTROL,
  RelayControlClient,
  ROOM_CONTROL,
  RoomControlClient,
} from '@millrace/control';
import { LIVE_STORE, PRESENCE_STORE } from '@millrace/live-store';
import { createGatewayMetrics } from '../metrics/gateway-metrics.ts';
import type { GatewayOptions } from '../gateway-options.ts';
import { GATEWAY_LOGGER, GATEWAY_METRICS, GATEWAY_SETTINGS, METRICS, READINESS } from './tokens.ts';

@Module({})
export class PortsModule {
  static register(options: GatewayOptions): DynamicModule {
    const { settings, liveStore, presence, control, metrics, logger, readiness } = options;
    const onError = (subject: string, error: unknown): void =>
      logger.warn({ err: error, subject }, 'a control message was not sent');
    const providers = [
      { provide: GATEWAY_SETTINGS, useValue: settings },
      { provide: GATEWAY_LOGGER, useValue: logger },
      { provide: GATEWAY_METRICS, useValue: createGatewayMetrics(metrics) },
      { provide: METRICS, useValue: metrics },
      { provide: READINESS, useValue: readiness },
      { provide: LIVE_STORE, useValue: liveStore },
      { provide: PRESENCE_STORE, useValue: presence },
      { provide: CONTROL_PLANE, useValue: new ControlPlaneClient(control, { onError }) },
      { provide: ROOM_CONTROL, useValue: new RoomControlClient(control, { onError }) },
      { provide: RELAY_CONTROL, useValue: new RelayControlClient(control, { onError }) },
    ];
    return { module: PortsModule, global: true, providers, exports: providers.map(({ provide }) => provide) };
  }
}
