// The RTSP edge as a process of its own, over a real NATS and a real Redis.
import 'reflect-metadata';
import type { INestMicroservice } from '@nestjs/common';
import { natsControlGateway } from '@millrace/control';
import { createNatsFrameBus } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { FrameRecorder, startNatsServer } from '@millrace/frame-bus/testing';
import type { NatsServer } from '@millrace/frame-bus/testing';
import { createRedisLiveStore } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { startRedisServer } from '@millrace/live-store/testing';
import type { RedisServer } from '@millrace/live-store/testing';
import { createLogger, NO_TRACER, ServiceProcess } from '@millrace/service-kit';
import { FrameKind } from '@millrace/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rtspEdgeParts } from './process.ts';
import { rtspEdgeProcessSettings } from './settings.ts';
import { slice, TestEncoder } from './testing/test-encoder.ts';
import { TestControlPlane } from '@millrace/ingest/testing';
import { startTestGateway } from '@millrace/ingest/testing';

const LONG = { timeout: 15_000 };

describe('an edge over NATS and Redis', () => {
  let nats: NatsServer;
  let redis: RedisServer;
  let frameBus: FrameBus;
  let liveStore: LiveStore;
  let plane: TestControlPlane;
  let gateway: INestMicroservice;

  beforeAll(async () => {
    nats = await startNatsServer();
    redis = await startRedisServer();
    frameBus = await createNatsFrameBus({ url: nats.url });
    liveStore = await createRedisLiveStore({ url: redis.url });
    plane = new TestControlPlane(liveStore);
    gateway = await startTestGateway(
      plane,
      natsControlGateway({ url: nats.url, queue: 'gateway', sealSecret: 'of the test' }),
    );
  });
  afterAll(async () => {
    await gateway.close();
    await frameBus.close();
    await liveStore.close();
    await redis.stop();
    await nats.stop();
  });

  const start = async () => {
    const env = {
      MILLRACE_NATS_URL: nats.url,
      MILLRACE_REDIS_URL: redis.url,
      MILLRACE_RTSP_HOST: '127.0.0.1',
      MILLRACE_RTSP_PORT: '0',
      MILLRACE_RTSP_DRAIN_MS: '0',
      MILLRACE_RTSP_DRAIN_SPREAD_MS: '0',
      MILLRACE_METRICS_PORT: '0',
    };
    const logger = createLogger({ service: 'rtsp-edge', level: 'silent' });
    const settings = rtspEdgeProcessSettings.parse(env);
    const identity = { service: 'rtsp-edge', version: '1.2.3', logger, tracer: NO_TRACER };
    const edge = new ServiceProcess(rtspEdgeParts, { ...identity, settings });
    return { edge, ports: await edge.start() };
  };
  const ask = async (port: number, path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: answer.status, text: await answer.text() };
  };
  const record = async (streamId: string) => {
    const recorder = new FrameRecorder();
    await frameBus.subscribe(streamId, { from: 'position', position: { epoch: 0, sequence: 0 } }, recorder);
    return recorder;
  };

  it('takes a publisher from connect to its end, says how it is, and stops in order', async () => {
    const { edge, ports } = await start();
    await expect.poll(async () => (await ask(ports.metrics, '/readyz')).status, LONG).toBe(200);
    const stream = plane.newStream();
    const recorder = await record(stream.streamId);
    const url = `rtsp://127.0.0.1:${ports.rtsp}/live/${stream.key}`;
    const encoder = await new TestEncoder(ports.rtsp).record(url);
    for (let i = 0; i < 50; i++) encoder.rtp(0, i, i * 3_600, slice(i % 25 === 0, i));
    await recorder.until(() => recorder.frames.length === 52);
    expect((await encoder.ask('TEARDOWN', url)).status).toBe(200);
    await recorder.until(() => recorder.frames.at(-1)?.kind === FrameKind.end);
    expect(recorder.faults).toEqual([]);
    await expect.poll(() => plane.ended, LONG).toMatchObject([{ videoFrames: 50, reason: 'unpublished' }]);
    const { text } = await ask(ports.metrics, '/metrics');
    expect(text).toContain('millrace_build_info{component="rtsp-edge",version="1.2.3"');
    expect(text).toMatch(/millrace_bus_publish_seconds_count [1-9]/);

    const other = plane.newStream();
    const left = await new TestEncoder(ports.rtsp).record(`rtsp://127.0.0.1:${ports.rtsp}/live/${other.key}`);
    await edge.stop();
    await left.closed;
    expect((await liveStore.readLiveStream(other.streamId))!.disconnectedAtMs).toBeDefined();
  });
});
