// Wiring only: the TURN server with the ports that it is given.
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import type { ClientProxy } from '@nestjs/microservices';
import { RelayControlClient } from '@millrace/control';
import type { Logger, Metrics, Readiness, Tracer } from '@millrace/service-kit';
import { createTurnMetrics } from './metrics/turn-metrics.ts';
import { RelayRevocationController } from './relay-revocation.controller.ts';
import type { TurnSettings } from './settings.ts';
import { TurnService } from './turn.service.ts';

export interface TurnModuleOptions {
  readonly settings: TurnSettings;
  readonly control: ClientProxy;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly readiness: Readiness;
  /** None when not given. */
  readonly tracer?: Tracer;
}

@Module({})
export class TurnModule {
  static register(options: TurnModuleOptions): DynamicModule {
    const { controlFailures } = createTurnMetrics(options.metrics);
    const control = new RelayControlClient(options.control, {
      traceparent: () => options.tracer?.current?.traceparent,
      onError: (subject, error) => {
        controlFailures.inc({ subject });
        options.logger.debug({ subject, err: error }, 'control message not delivered');
      },
    });
    const service = new TurnService({ ...options, control });
    return {
      module: TurnModule,
      controllers: [RelayRevocationController],
      // Nest calls its hooks: it begins and stops with the application.
      providers: [{ provide: TurnService, useValue: service }],
      exports: [TurnService],
    };
  }
}
