// Wiring only: the edge with the ports that it is given.
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import type { ClientProxy } from '@nestjs/microservices';
import { ControlPlaneClient, UsageReporter } from '@millrace/control';
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
    const onError = (subject: string, error: unknown): void => {
      controlFailures.inc({ subject });
      options.logger.debug({ subject, err: error }, 'control message not delivered');
    };
    const traceparent = () => options.tracer?.current?.traceparent;
    const control = new ControlPlaneClient(options.control, { traceparent, onError });
    const usage = UsageReporter.over(options.control, { onError });
    const edge = new RtmpEdge({ ...options, control, usage: usage.ledger });
    return {
      module: RtmpEdgeModule,
      controllers: [PublisherControlController],
      providers: [{ provide: RtmpEdge, useValue: edge }, { provide: UsageReporter, useValue: usage }, RtmpEdgeService],
      exports: [RtmpEdge],
    };
  }
}
