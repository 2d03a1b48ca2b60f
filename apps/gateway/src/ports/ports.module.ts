// Makes what the gateway was given available to all its modules.
import { Module, type DynamicModule } from '@nestjs/common';
import { CONTROL_PLANE, ControlPlaneClient } from '@millrace/control';
import { LIVE_STORE } from '@millrace/live-store';
import { createGatewayMetrics } from '../metrics/gateway-metrics.ts';
import type { GatewayOptions } from '../gateway-options.ts';
import { GATEWAY_LOGGER, GATEWAY_METRICS, GATEWAY_SETTINGS, METRICS, READINESS } from './tokens.ts';

@Module({})
export class PortsModule {
  static register({ settings, liveStore, control, metrics, logger, readiness }: GatewayOptions): DynamicModule {
    const providers = [
      { provide: GATEWAY_SETTINGS, useValue: settings },
      { provide: GATEWAY_LOGGER, useValue: logger },
      { provide: GATEWAY_METRICS, useValue: createGatewayMetrics(metrics) },
      { provide: METRICS, useValue: metrics },
      { provide: READINESS, useValue: readiness },
      { provide: LIVE_STORE, useValue: liveStore },
      {
        provide: CONTROL_PLANE,
        useValue: new ControlPlaneClient(control, {
          onError: (subject, error) => logger.warn({ err: error, subject }, 'a control message was not sent'),
        }),
      },
    ];
    return { module: PortsModule, global: true, providers, exports: providers.map(({ provide }) => provide) };
  }
}
