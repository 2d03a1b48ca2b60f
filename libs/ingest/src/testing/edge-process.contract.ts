// What holds for an edge of every protocol as a process of its own, over a real NATS and a real Redis.
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
import type { ServiceParts } from '@millrace/service-kit';
import { FrameKind, isConfiguration } from '@millrace/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EdgeProcessSettings } from '../edge/edge-settings.ts';
import { TestControlPlane } from './test-control-plane.ts';
import { startTestGateway } from './test-gateway.ts';

/** A publisher that has been accepted. */
export interface ContractPublisher {
  /** Sends a picture; every 25th is a keyframe. */
  readonly picture: (index: number) => void;
  /** Says that it is done. */
  readonly unpublish: () => unknown;
  /** Resolves when its connection is gone, to what it was told then, if its protocol says anything. */
  readonly closed: Promise<string | undefined>;
  /** Goes away without a word. */
  readonly destroy: () => void;
}

export interface EdgeProcessCase<Settings extends EdgeProcessSettings, Ports extends object, Opened extends object> {
  readonly service: string;
  readonly parts: ServiceParts<Settings, Ports, Opened>;
  readonly settings: { readonly parse: (environment: Readonly<Record<string, string>>) => Settings };
  /** Free ports of the loopback, no drain that a test would wait for. */
  readonly environment: Readonly<Record<string, string>>;
  readonly publish: (ports: Opened, key: string) => Promise<ContractPublisher>;
}

const LONG = { timeout: 15_000, interval: 20 };
const PICTURES = 50;

export function describeEdgeProcess<Settings extends EdgeProcessSettings, Ports extends object, Opened extends object>(
  edgeCase: EdgeProcessCase<Settings, Ports, Opened>,
): void {
  describe('an edge over NATS and Redis', () => {
    let nats: NatsServer;
    let redis: RedisServer;
    let frameBus: FrameBus;
    let liveStore: LiveStore;
    let plane: TestControlPlane;
    let gateway: INestMicroservice;
    let edge: ServiceProcess<Settings, Ports, Opened>;
    let ports: Opened & { readonly metrics: number };

    beforeAll(async () => {
      [nats, redis] = await Promise.all([startNatsServer(), startRedisServer()]);
      frameBus = await createNatsFrameBus({ url: nats.url });
      liveStore = await createRedisLiveStore({ url: redis.url });
      plane = new TestControlPlane(liveStore);
      gateway = await startTestGateway(
        plane,
        natsControlGateway({ url: nats.url, queue: 'gateway', sealSecret: 'of the test' }),
      );
      const { service, parts, environment } = edgeCase;
      const settings = edgeCase.settings.parse({
        MILLRACE_NATS_URL: nats.url,
        MILLRACE_REDIS_URL: redis.url,
        MILLRACE_METRICS_PORT: '0',
        ...environment,
      });
      const logger = createLogger({ service, level: 'silent' });
      edge = new ServiceProcess(parts, { service, version: '1.2.3', logger, tracer: NO_TRACER, settings });
      ports = await edge.start();
    });
    afterAll(async () => {
      await edge.stop();
      await gateway.close();
      await frameBus.close();
      await liveStore.close();
      await Promise.all([redis.stop(), nats.stop()]);
    });

    const ask = async (port: number, path: string) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      return { status: answer.status, text: await answer.text() };
    };
    const record = async (streamId: string) => {
      const recorder = new FrameRecorder();
      await frameBus.subscribe(streamId, { from: 'position', position: { epoch: 0, sequence: 0 } }, recorder);
      return recorder;
    };
    const pictures = ({ frames }: FrameRecorder) =>
      frames.filter((frame) => frame.kind === FrameKind.video && !isConfiguration(frame));

    it('takes a publisher from connect to its end, and says how it is', async () => {
      await expect.poll(async () => (await ask(ports.metrics, '/readyz')).status, LONG).toBe(200);
      const stream = plane.newStream();
      const recorder = await record(stream.streamId);
      const publisher = await edgeCase.publish(ports, stream.key);
      for (let i = 0; i < PICTURES; i++) publisher.picture(i);
      await recorder.until(() => pictures(recorder).length === PICTURES);
      await publisher.unpublish();
      await recorder.until(() => recorder.frames.at(-1)?.kind === FrameKind.end);
      expect(recorder.faults).toEqual([]);
      expect(pictures(recorder)).toHaveLength(PICTURES);
      // Each keyframe has the configuration before it.
      expect(recorder.frames).toHaveLength(PICTURES + 2 + 1);
      const ofStream = () => plane.ended.filter(({ claim }) => claim.streamId === stream.streamId);
      await expect.poll(ofStream, LONG).toMatchObject([{ videoFrames: PICTURES, reason: 'unpublished' }]);
      const { text } = await ask(ports.metrics, '/metrics');
      expect(text).toContain(`millrace_ingest_messages_total{kind="video"} ${PICTURES}`);
      expect(text).toContain(`millrace_build_info{component="${edgeCase.service}",version="1.2.3"`);
      expect(text).toMatch(/millrace_bus_publish_seconds_count [1-9]/);
      publisher.destroy();
    });

    it('lets publishers go on while Redis and the control plane are away', async () => {
      const stream = plane.newStream();
      const recorder = await record(stream.streamId);
      const publisher = await edgeCase.publish(ports, stream.key);
      let sent = 0;
      let isClosed = false;
      void publisher.closed.then(() => (isClosed = true));
      const beat = setInterval(() => publisher.picture(sent++), 20);
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
        expect(isClosed).toBe(false);
        await expect
          .poll(async () => (await liveStore.readLiveStream(stream.streamId))?.claim.edgeId, LONG)
          .toBeDefined();
      } finally {
        clearInterval(beat);
      }
      await recorder.until(() => pictures(recorder).length >= sent);
      expect(pictures(recorder)).toHaveLength(sent);
      expect(recorder.faults).toEqual([]);
      publisher.destroy();
    });

    it('stops in order: not ready, publishers told, ports closed', async () => {
      const stream = plane.newStream();
      const publisher = await edgeCase.publish(ports, stream.key);
      await edge.stop();
      const told = await publisher.closed;
      if (told !== undefined) expect(told).toContain('draining');
      const refused = await new Promise<NodeJS.ErrnoException>((resolve) =>
        connect(ports.metrics, '127.0.0.1').once('error', resolve),
      );
      expect(refused.code).toBe('ECONNREFUSED');
      expect((await liveStore.readLiveStream(stream.streamId))!.disconnectedAtMs).toBeDefined();
    });
  });
}
