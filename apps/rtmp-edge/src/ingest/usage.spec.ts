// What an encoder sends is counted for its tenant: every byte of its connection, and the time in which it publishes.
import { PUBLISH_REFUSALS } from '@millrace/domain';
import type { UsageKind } from '@millrace/domain';
import { tagsOf } from '@millrace/ingest/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { audioConfig, interframe, keyframe, CLIP, videoConfig } from '../testing/sample-media.ts';
import { TestClient } from '../testing/test-client.ts';
import { TestEdge } from '../testing/test-edge.ts';

let edge: TestEdge;
beforeEach(async () => {
  edge = await TestEdge.start();
});
afterEach(() => edge.stop());

const counted = (streamId: string, kind: UsageKind): number =>
  edge.usage
    .collect()
    .filter((amount) => amount.streamId === streamId && amount.kind === kind)
    .reduce((sum, { amount }) => sum + amount, 0);

it('counts each byte that the encoder’s socket has sent, over several connections', async () => {
  const stream = edge.control.newStream();
  let sent = 0;
  for (let connection = 0; connection < 2; connection++) {
    const client = new TestClient({ port: edge.ports.rtmp, streamName: stream.key });
    await client.untilReady();
    for (const { type, timestamp, body } of tagsOf(CLIP).slice(0, 400)) {
      if (type === 9) client.session.sendVideo(timestamp, body);
      else if (type === 8) client.session.sendAudio(timestamp, body);
    }
    await expect.poll(() => counted(stream.streamId, 'ingest_bytes')).toBe(sent + client.socket.bytesWritten);
    client.socket.end();
    await client.untilClosed();
    sent += client.socket.bytesWritten;
  }
  expect(sent).toBeGreaterThan(500_000);
  expect(counted(stream.streamId, 'ingest_bytes')).toBe(sent);
  expect(edge.usage.collect().map(({ tenantId, protocol }) => [tenantId, protocol])).toEqual(
    Array.from({ length: 2 }, () => [stream.tenantId, 'rtmp']),
  );
});

it('counts the time of a publish while it lasts, and nothing of an encoder that is refused', async () => {
  const stream = edge.control.newStream();
  const client = await new TestClient({ port: edge.ports.rtmp, streamName: stream.key }).untilReady();
  const beganMs = performance.now();
  client.session.sendVideo(0, videoConfig());
  client.session.sendAudio(0, audioConfig());
  client.session.sendVideo(0, keyframe(0));
  client.session.sendVideo(40, interframe(1));
  await expect.poll(() => counted(stream.streamId, 'ingest_seconds')).toBeGreaterThan(0.05);
  const passedS = (performance.now() - beganMs) / 1_000;
  expect(Math.abs(counted(stream.streamId, 'ingest_seconds') - passedS)).toBeLessThan(0.5);
  const refused = new TestClient({ port: edge.ports.rtmp, streamName: 'mr_st_wrong' });
  await refused.untilClosed();
  expect(new Set(edge.usage.collect().map(({ tenantId }) => tenantId))).toEqual(new Set([stream.tenantId]));
  client.socket.destroy();
});

it('disconnects an encoder that sends more than its tenant may, and says why', async () => {
  const stream = edge.control.newStream({ maxIngestBitsPerSecond: 100_000 });
  const client = await new TestClient({ port: edge.ports.rtmp, streamName: stream.key }).untilReady();
  for (const { type, timestamp, body } of tagsOf(CLIP).slice(0, 400))
    if (type === 9) client.session.sendVideo(timestamp, body);
  await client.untilClosed();
  expect(client.status).toMatchObject({ description: PUBLISH_REFUSALS.bitrate_exceeded });
  await expect.poll(() => edge.control.ended[0]?.reason).toBe('bitrate_exceeded');
});
