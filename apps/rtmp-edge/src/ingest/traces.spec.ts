// Publishes as traces show them.
import { startTestTracing } from '@millrace/service-kit/testing';
import type { TestTracing } from '@millrace/service-kit/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { audioConfig, keyframe, videoConfig } from '../testing/sample-media.ts';
import { TestClient } from '../testing/test-client.ts';
import { TestEdge } from '../testing/test-edge.ts';

describe('a publish', () => {
  let tracing: TestTracing;
  let edge: TestEdge;

  beforeEach(async () => {
    tracing = await startTestTracing('rtmp-edge');
    edge = await TestEdge.start({ tracer: tracing.tracer, settings: { instanceId: 'edge-7' } });
  });
  afterEach(async () => {
    await edge.stop();
    await tracing.stop();
  });

  const spans = () => tracing.collector.named('publish');

  it('is one span from the question to its end, however many frames it has; its claim carries it', async () => {
    const stream = edge.control.newStream();
    const recorder = await edge.record(stream.streamId);
    const client = await new TestClient({ port: edge.ports.rtmp, streamName: stream.key }).untilReady();
    client.session.sendVideo(0, videoConfig());
    client.session.sendAudio(0, audioConfig());
    for (let i = 0; i < 50; i++) client.session.sendVideo(i * 40, keyframe(i));
    await recorder.untilCount(51);
    const [claim] = [(await edge.liveStore.readLiveStream(stream.streamId))!.claim];
    expect(spans()).toEqual([]);
    client.session.unpublish();
    await expect.poll(spans).toHaveLength(1);
    const [span] = spans();
    expect(claim.traceparent).toBe(`00-${span!.traceId}-${span!.spanId}-01`);
    expect(span).toMatchObject({
      failed: false,
      parentSpanId: undefined,
      attributes: {
        'millrace.tenant_id': stream.tenantId,
        'millrace.stream_id': stream.streamId,
        'millrace.session_id': claim.sessionId,
        'millrace.epoch': claim.epoch,
        'millrace.instance_id': 'edge-7',
        'millrace.protocol': 'rtmp',
        'millrace.outcome': 'unpublished',
        'millrace.resumed': false,
        'millrace.video_frames': 50,
      },
    });
    expect(tracing.collector.spans).toHaveLength(1);
    expect(tracing.collector.bodies.join()).not.toContain(stream.key);
    client.socket.destroy();
  });

  it('that is refused is a failed span; a text that never was a key is none', async () => {
    const { key } = edge.control.newStream();
    edge.control.refusal = 'quota';
    for (const streamName of ['no-key', key]) {
      const client = new TestClient({ port: edge.ports.rtmp, streamName });
      await client.until(() => client.closed);
    }
    await expect.poll(spans).toHaveLength(1);
    expect(spans()).toMatchObject([
      { failed: true, attributes: { 'error.type': 'quota', 'millrace.outcome': 'quota' } },
    ]);
  });
});
