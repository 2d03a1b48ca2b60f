// Wiring only: the edge with the ports that it is given.
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import type { ClientProxy } from '@nestjs/microservices';
import { ControlPlaneClient } from '@millrace/control';
import type { FrameBus } from '@millrace/frame-bus';
import type { LiveStore } from '@millrace/live-store';
import type { Logger, Metrics, Readiness, Tracer } from '@millrace/service-kit';
import { createIngestMetrics } from './metrics/ingest-metrics.ts';
import { PublisherControlController } from './publisher-control.controller.ts';
import { RtmpEdgeLifecycle } from './rtmp-edge.lifecycle.ts';
import { RtmpEdge } from './rtmp-edge.ts';
import type { RtmpEdgeSettings } from './settings.ts';

export interface RtmpEdgeModuleOptions {
  readonly settings: RtmpEdgeSettings;
  readonly frameBus: FrameBus;
  readonly liveStore: LiveStore;
  readonly control: ClientProxy;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly readiness: Readiness;
  /** None when not given. */
  readonly tracer?: Tracer;
}

@Module({})
export class RtmpEdgeModule {
  static register(options: RtmpEdgeModuleOptions): DynamicModule {
    const { controlFailures } = createIngestMetrics(options.metrics);
    const control = new ControlPlaneClient(options.control, {
      traceparent: () => options.tracer?.current?.traceparent,
      onError: (subject, error) => {
        controlFailures.inc({ subject });
        options.logger.debug({ subject, err: error }, 'control message not delivered');
      },
    });
    const edge = new RtmpEdge({ ...options, control });
    return {
      module: RtmpEdgeModule,
      controllers: [PublisherControlController],
      providers: [{ provide: RtmpEdge, useValue: edge }, RtmpEdgeLifecycle],
      exports: [RtmpEdge],
    };
  }
}
