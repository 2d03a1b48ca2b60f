// The order in which the services of one process stop: what others depend on goes last.
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { createMemoryRoomBus, InProcessControl } from '@millrace/control';
import { createMemoryFrameBus } from '@millrace/frame-bus';
import { GatewayModule } from '@millrace/gateway';
import { startTestGateway, TestControlPlane } from '@millrace/ingest/testing';
import { createMemoryLiveStore, createMemoryPresence } from '@millrace/live-store';
import { RtmpEdgeService } from '@millrace/rtmp-edge';
import { createLogger, Metrics, NO_TRACER, Readiness } from '@millrace/service-kit';
import { withCalls } from '@millrace/service-kit/testing';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { expect, it } from 'vitest';
import { DemoPublisher } from './demo/demo-publisher.ts';
import { FlvClip } from './demo/flv-clip.ts';
import { standaloneSettings } from './settings.ts';
import { StandaloneModule } from './standalone.module.ts';

const CLIP = resolve(import.meta.dirname, '../../../media/bbb-h264-aac.flv');

class Services {}

it('ends publishers before packagers hand their streams over', async () => {
  const calls: string[] = [];
  const liveStore = withCalls(createMemoryLiveStore(), (method) => calls.push(method));
  const frameBus = createMemoryFrameBus();
  const control = new InProcessControl();
  const plane = new TestControlPlane(liveStore);
  const gateway = await startTestGateway(plane, { strategy: control.server('gateway') });
  const logger = createLogger({ service: 'test', level: 'silent' });
  const settings = standaloneSettings.parse({
    MILLRACE_DATA_DIR: tmpdir(),
    MILLRACE_RTMP_HOST: '127.0.0.1',
    MILLRACE_RTMP_PORT: '0',
    MILLRACE_RTSP_HOST: '127.0.0.1',
    MILLRACE_RTSP_PORT: '0',
    MILLRACE_RTSP_DRAIN_MS: '0',
    MILLRACE_RTSP_DRAIN_SPREAD_MS: '0',
    MILLRACE_SRT_HOST: '127.0.0.1',
    MILLRACE_SRT_PORT: '0',
    MILLRACE_SRT_DRAIN_MS: '0',
    MILLRACE_SRT_DRAIN_SPREAD_MS: '0',
    MILLRACE_RTMP_DRAIN_MS: '0',
    MILLRACE_RTMP_DRAIN_SPREAD_MS: '0',
    MILLRACE_SIGNALING_HOST: '127.0.0.1',
    MILLRACE_SIGNALING_PORT: '0',
    MILLRACE_TURN_HOST: '127.0.0.1',
    MILLRACE_TURN_PORT: '0',
    MILLRACE_WORK_SPREAD_MS: '0',
  });
  const { imports = [] } = StandaloneModule.register({
    settings: { ...settings, databaseUrl: 'postgres://127.0.0.1:1/unused' },
    liveStore,
    presence: createMemoryPresence(),
    frameBus,
    roomBus: createMemoryRoomBus(),
    control: control.client(),
    metrics: new Metrics({ service: 'test', version: '0', processMetrics: false }),
    logger,
    readiness: new Readiness(),
    tracer: NO_TRACER,
  });
  // All but the gateway, which needs a database.
  const services = (imports as DynamicModule[]).filter(({ module }) => module !== GatewayModule);
  const app = await NestFactory.createApplicationContext(
    { module: Services, imports: services },
    { logger: false, abortOnError: false },
  );
  const rtmpUrl = `rtmp://127.0.0.1:${app.get(RtmpEdgeService).ports!.rtmp}/live`;
  const { key: streamKey } = plane.newStream();
  const publisher = new DemoPublisher({ rtmpUrl, streamKey, clip: FlvClip.read(CLIP), logger });
  publisher.start();
  await expect.poll(() => calls).toContain('commit');
  await app.close();
  publisher.stop();
  const [ended, handedOver] = [calls.indexOf('releaseClaim'), calls.indexOf('releaseLease')];
  expect(ended).toBeGreaterThan(-1);
  expect(handedOver).toBeGreaterThan(ended);
  await gateway.close();
  await frameBus.close();
  await liveStore.close();
});
