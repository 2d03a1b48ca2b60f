// The edge as a process of its own, over a real NATS and a real Redis.
import 'reflect-metadata';
import { connect } from 'node:net';
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
import { rtmpEdgeParts } from './process.ts';
import { rtmpEdgeProcessSettings } from './settings.ts';
import { aacMessage, audioConfig, interframe, keyframe, videoConfig } from './testing/sample-media.ts';
import { TestClient } from './testing/test-client.ts';
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
      MILLRACE_RTMP_HOST: '127.0.0.1',
      MILLRACE_RTMP_PORT: '0',
      MILLRACE_METRICS_PORT: '0',
    };
    const logger = createLogger({ service: 'rtmp-edge', level: 'silent' });
    const settings = rtmpEdgeProcessSettings.parse(env);
    const identity = { service: 'rtmp-edge', version: '1.2.3', logger, tracer: NO_TRACER };
    const edge = new ServiceProcess(rtmpEdgeParts, { ...identity, settings });
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

  it('takes a publisher from connect to its end, and says how it is', async () => {
    const { edge, ports } = await start();
    await expect.poll(async () => (await ask(ports.metrics, '/readyz')).status, LONG).toBe(200);
    const stream = plane.newStream();
    const recorder = await record(stream.streamId);
    const client = await new TestClient({ port: ports.rtmp, streamName: stream.key }).untilReady();
    client.session.sendVideo(0, videoConfig());
    client.session.sendAudio(0, audioConfig());
    for (let i = 0; i < 100; i++) {
      client.session.sendVideo(i * 40, i % 25 === 0 ? keyframe(i) : interframe(i));
      client.session.sendAudio(i * 40, aacMessage(i));
    }
    client.session.unpublish();
    await recorder.until(() => recorder.frames.at(-1)?.kind === FrameKind.end);
    expect(recorder.faults).toEqual([]);
    expect(recorder.frames).toHaveLength(200 + 4 * 2 + 1);
    await expect.poll(() => plane.ended, LONG).toMatchObject([{ videoFrames: 100, audioFrames: 100 }]);
    const { text } = await ask(ports.metrics, '/metrics');
    expect(text).toContain('millrace_ingest_messages_total{kind="video"} 100');
    expect(text).toContain('millrace_build_info{component="rtmp-edge",version="1.2.3"');
    expect(text).toMatch(/millrace_bus_publish_seconds_count [1-9]/);
    client.socket.destroy();
    await edge.stop();
  });

  it('stops in order: not ready, publishers told, ports closed', async () => {
    const { edge, ports } = await start();
    const stream = plane.newStream();
    const client = await new TestClient({ port: ports.rtmp, streamName: stream.key }).untilReady();
    await edge.stop();
    await client.untilClosed();
    expect(client.status!.description).toContain('draining');
    const refused = await new Promise<NodeJS.ErrnoException>((resolve) =>
      connect(ports.metrics, '127.0.0.1').once('error', resolve),
    );
    expect(refused.code).toBe('ECONNREFUSED');
    expect((await liveStore.readLiveStream(stream.streamId))!.disconnectedAtMs).toBeDefined();
  });

  it('lets publishers go on while Redis and the control plane are away', async () => {
    const { edge, ports } = await start();
    const stream = plane.newStream();
    const recorder = await record(stream.streamId);
    const client = await new TestClient({ port: ports.rtmp, streamName: stream.key }).untilReady();
    client.session.sendVideo(0, videoConfig());
    let sent = 0;
    const beat = setInterval(() => client.session.sendVideo(++sent * 20, keyframe(sent)), 20);
    try {
      await redis.kill();
      await expect
        .poll(async () => (await ask(ports.metrics, '/metrics')).text, LONG)
        .toMatch(/millrace_ingest_claim_renew_failures_total [2-9]/);
      const { status, text } = await ask(ports.metrics, '/readyz');
      expect([status, text]).toEqual([503, expect.stringContaining('live_store')]);
      expect((await ask(ports.metrics, '/healthz')).status).toBe(200);
      await redis.restart();
      await expect.poll(async () => (await ask(ports.metrics, '/readyz')).status, LONG).toBe(200);
      expect(client.closed).toBe(false);
      await expect
        .poll(async () => (await liveStore.readLiveStream(stream.streamId))?.claim.edgeId, LONG)
        .toBeDefined();
    } finally {
      clearInterval(beat);
    }
    await recorder.untilCount(2 * sent);
    expect(recorder.faults).toEqual([]);
    client.socket.destroy();
    await edge.stop();
  });
});
