// Segments as traces show them.
import { IdPrefix, newId } from '@millrace/domain';
import { createMemoryFrameBus } from '@millrace/frame-bus';
import { createMemoryLiveStore } from '@millrace/live-store';
import { startTestTracing } from '@millrace/service-kit/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BBB_FLV, flvLog } from '../testing/flv-log.ts';
import { TestPackager } from '../testing/test-packager.ts';
import { TestPublisher } from '../testing/test-publisher.ts';
import { Viewer } from '../testing/viewer.ts';

const PUBLISH = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };

describe('a segment', () => {
  it('is a span of its own, linked to the publish that its frames are from', async () => {
    const [liveStore, frameBus, tracing] = [
      createMemoryLiveStore(),
      createMemoryFrameBus(),
      await startTestTracing('packager'),
    ];
    const streamId = newId(IdPrefix.liveStream);
    const packager = await TestPackager.start({ liveStore, frameBus, tracer: tracing.tracer });
    onTestFinished(async () => {
      await packager.stop();
      await tracing.stop();
      await frameBus.close();
      await liveStore.close();
    });
    const traceparent = `00-${PUBLISH.traceId}-${PUBLISH.spanId}-01`;
    const publisher = await TestPublisher.connect({ liveStore, frameBus, streamId, traceparent });
    const sent = publisher.send(flvLog(BBB_FLV, 1));
    await new Viewer(liveStore, streamId).until('segments', (v) => v.nextMediaSequence === 14);
    const spans = () => tracing.collector.named('segment');
    await expect.poll(() => spans().length).toBe(14);
    expect(spans().length).toBeLessThan(sent.length / 10);
    const { tenantId, sessionId, epoch } = publisher.claim;
    spans().forEach((span, i) => {
      expect(span).toMatchObject({
        parentSpanId: undefined,
        links: [PUBLISH],
        attributes: {
          'millrace.tenant_id': tenantId,
          'millrace.stream_id': streamId,
          'millrace.session_id': sessionId,
          'millrace.epoch': epoch,
          'millrace.media_sequence': i,
          'millrace.instance_id': 'packager-1',
        },
      });
      expect(span.endMs).toBeGreaterThanOrEqual(span.startMs);
      expect(Math.abs(span.endMs - Date.now())).toBeLessThan(60_000);
    });
    expect(new Set(spans().map(({ traceId }) => traceId)).size).toBe(14);
    await publisher.leave();
  });
});
