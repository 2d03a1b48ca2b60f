// Wiring only: the edge with the ports that it is given.
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import type { ClientProxy } from '@nestjs/microservices';
import { ControlPlaneClient } from '@millrace/control';
import { createIngestMetrics } from '@millrace/ingest';
import type { IngestPorts } from '@millrace/ingest';
import { PROTOCOLS } from './protocols.ts';
import { PublisherControlController } from './publisher-control.controller.ts';
import { RtmpEdgeService } from './rtmp-edge.service.ts';
import { RtmpEdge } from './rtmp-edge.ts';
import type { RtmpEdgeSettings } from './settings.ts';

export interface RtmpEdgeModuleOptions extends Omit<IngestPorts, 'control'> {
  readonly settings: RtmpEdgeSettings;
  readonly control: ClientProxy;
}

@Module({})
export class RtmpEdgeModule {
  static register(options: RtmpEdgeModuleOptions): DynamicModule {
    const { controlFailures } = createIngestMetrics(options.metrics, PROTOCOLS);
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
      providers: [{ provide: RtmpEdge, useValue: edge }, RtmpEdgeService],
      exports: [RtmpEdge],
    };
  }
}
