// The edge inside a Nest application, with control messages in the process.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { ControlPlaneClient, InProcessControl } from '@millrace/control';
import { createMemoryFrameBus } from '@millrace/frame-bus';
import { createMemoryLiveStore } from '@millrace/live-store';
import { createLogger, Metrics, Readiness } from '@millrace/service-kit';
import { describe, expect, it } from 'vitest';
import { RtmpEdgeModule } from './rtmp-edge.module.ts';
import { RtmpEdgeService } from './rtmp-edge.service.ts';
import { rtmpEdgeSettings } from './settings.ts';
import { TestClient } from './testing/test-client.ts';
import { TestControlPlane } from '@millrace/ingest/testing';
import { startTestGateway } from '@millrace/ingest/testing';

describe('RtmpEdgeModule', () => {
  it('listens with its application, hears control messages, and drains with it', async () => {
    const liveStore = createMemoryLiveStore();
    const frameBus = createMemoryFrameBus();
    const plane = new TestControlPlane(liveStore);
    const control = new InProcessControl();
    const gateway = await startTestGateway(plane, { strategy: control.server('gateway') });
    const readiness = new Readiness();
    const module = RtmpEdgeModule.register({
      settings: { ...rtmpEdgeSettings.parse({}), rtmpHost: '127.0.0.1', rtmpPort: 0, instanceId: 'edge-7' },
      liveStore,
      frameBus,
      control: control.client(),
      metrics: new Metrics({ service: 'test', version: '0', processMetrics: false }),
      logger: createLogger({ service: 'test', level: 'silent' }),
      readiness,
    });
    const hosting = { strategy: control.server(), logger: false, abortOnError: false } as const;
    const microservice = await NestFactory.createMicroservice(module, hosting);
    await microservice.listen();
    const { rtmp } = microservice.get(RtmpEdgeService).ports!;
    expect(readiness.report()).toEqual({ ready: true, checks: { frame_bus: 'ok' } });

    const stream = plane.newStream();
    const first = await new TestClient({ port: rtmp, streamName: stream.key }).untilReady();
    expect(plane.requests).toMatchObject([{ edgeId: 'edge-7' }]);
    const { streamId, streamKeyId } = stream;
    const operator = new ControlPlaneClient(control.client());
    operator.cutPublisher({ streamId, streamKeyId, reason: 'key_revoked', beforeEpoch: undefined });
    await first.untilClosed();
    expect(first.status!.description).toContain('key revoked');
    await expect.poll(() => plane.ended).toMatchObject([{ reason: 'key_revoked' }]);

    const second = await new TestClient({ port: rtmp, streamName: plane.newStream().key }).untilReady();
    await microservice.close();
    await second.untilClosed();
    expect(second.status!.description).toContain('draining');
    await gateway.close();
    await frameBus.close();
    await liveStore.close();
  });
});
