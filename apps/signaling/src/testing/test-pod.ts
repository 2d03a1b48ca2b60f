// Signaling for tests: pods over one store and one bus, in this process.
import 'reflect-metadata';
import { createMemoryRoomBus, InProcessControl } from '@millrace/control';
import type { RoomBus } from '@millrace/control';
import { createMemoryPresence } from '@millrace/live-store';
import type { PresenceStore } from '@millrace/live-store';
import { createLogger, Metrics, Readiness } from '@millrace/service-kit';
import type { Tracer } from '@millrace/service-kit';
import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { ClientProxy, MicroserviceOptions } from '@nestjs/microservices';
import { RoomsServer } from '../rooms-server.ts';
import { Rooms } from '../rooms/rooms.ts';
import { SignalingModule } from '../signaling.module.ts';
import type { RoomsSettings } from '../settings.ts';
import { presenceLimitsOf, signalingSettings } from '../settings.ts';
import { TestGateway } from './test-gateway.ts';

export interface TestPorts {
  readonly presence: PresenceStore;
  readonly roomBus: RoomBus;
  readonly client: () => ClientProxy;
  readonly server: () => MicroserviceOptions;
}

export interface TestPod {
  readonly app: INestMicroservice;
  readonly port: number;
  readonly rooms: Rooms;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
}

export function testSettings(changed: Partial<RoomsSettings> = {}): RoomsSettings {
  return {
    ...signalingSettings.parse({}),
    signalingHost: '127.0.0.1',
    signalingPort: 0,
    instanceId: 'pod-1',
    signalingMaxSocketsPerAddress: 10_000,
    signalingConnectsPerMinute: 1_000_000,
    signalingDrainMs: 0,
    ...changed,
  };
}

export async function startPod(ports: TestPorts, settings: RoomsSettings, tracer?: Tracer): Promise<TestPod> {
  const metrics = new Metrics({ service: 'test', version: '0', processMetrics: false });
  const readiness = new Readiness();
  const { presence, roomBus } = ports;
  const module = SignalingModule.register({
    settings,
    presence,
    roomBus,
    control: ports.client(),
    metrics,
    logger: createLogger({ service: 'test', level: 'silent' }),
    readiness,
    tracer,
  });
  const hosting = { ...ports.server(), logger: false, abortOnError: false } as const;
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(module, hosting);
  await app.listen();
  return { app, port: app.get(RoomsServer).port, rooms: app.get(Rooms), metrics, readiness };
}

/** Everything in one process: so many pods, and a control plane. */
export class TestSignaling {
  readonly gateway: TestGateway;
  readonly pods: readonly TestPod[];
  readonly presence: PresenceStore;

  private constructor(gateway: TestGateway, pods: readonly TestPod[], presence: PresenceStore) {
    this.gateway = gateway;
    this.pods = pods;
    this.presence = presence;
  }

  static async start(
    changed: Partial<RoomsSettings> = {},
    count = 1,
    roomBus: RoomBus = createMemoryRoomBus(),
    tracer?: Tracer,
  ): Promise<TestSignaling> {
    const control = new InProcessControl();
    const settings = testSettings(changed);
    const ports: TestPorts = {
      presence: createMemoryPresence(presenceLimitsOf(settings)),
      roomBus,
      client: () => control.client(),
      server: () => ({ strategy: control.server() }),
    };
    const gateway = await TestGateway.start({ strategy: control.server('gateway') }, control.client());
    const pods: TestPod[] = [];
    for (let i = 1; i <= count; i++) pods.push(await startPod(ports, { ...settings, instanceId: `pod-${i}` }, tracer));
    return new TestSignaling(gateway, pods, ports.presence);
  }

  get port(): number {
    return this.pods[0]!.port;
  }

  async close(): Promise<void> {
    await Promise.all(this.pods.map(({ app }) => app.close()));
    await this.gateway.close();
  }
}
