// Wiring only: the root modules of all apps in one Nest application, on the same ports.
import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import type { ClientProxy } from '@nestjs/microservices';
import type { RoomBus } from '@millrace/control';
import type { FrameBus } from '@millrace/frame-bus';
import { GatewayModule } from '@millrace/gateway';
import type { LiveStore, PresenceStore } from '@millrace/live-store';
import { PackagerModule } from '@millrace/packager';
import { RtmpEdgeModule } from '@millrace/rtmp-edge';
import { RtspEdgeModule } from '@millrace/rtsp-edge';
import type { Logger, Metrics, Readiness, Tracer } from '@millrace/service-kit';
import { SignalingModule } from '@millrace/signaling';
import { SrtEdgeModule } from '@millrace/srt-edge';
import { TurnModule } from '@millrace/turn';
import type { ComposedSettings } from './settings.ts';

export interface StandaloneOptions {
  readonly settings: ComposedSettings;
  readonly liveStore: LiveStore;
  readonly presence: PresenceStore;
  readonly frameBus: FrameBus;
  readonly roomBus: RoomBus;
  readonly control: ClientProxy;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly readiness: Readiness;
  readonly tracer: Tracer;
}

@Module({})
export class StandaloneModule {
  static register(options: StandaloneOptions): DynamicModule {
    return {
      module: StandaloneModule,
      imports: [
        GatewayModule.register(options),
        PackagerModule.register(options),
        RtmpEdgeModule.register(options),
        RtspEdgeModule.register(options),
        SrtEdgeModule.register(options),
        SignalingModule.register(options),
        TurnModule.register(options),
      ],
    };
  }
}
