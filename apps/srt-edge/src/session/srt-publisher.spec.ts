// What becomes of a connection: its limits, its deadlines, and what is lost on the way to it.
import { FrameFlag, FrameKind, isConfiguration } from '@millrace/domain';
import type { FrameRecorder } from '@millrace/frame-bus/testing';
import { SrtRejection } from '@millrace/protocol/srt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestEdge } from '../testing/test-edge.ts';
import { TestEncoder } from '../testing/test-encoder.ts';

const POLL = { timeout: 5_000, interval: 10 };
const pictures = ({ frames }: FrameRecorder) =>
  frames.filter((frame) => frame.kind === FrameKind.video && !isConfiguration(frame));
/** The last byte of the slice of each picture, which is its index. */
const indexes = (recorder: FrameRecorder) => pictures(recorder).map(({ payload }) => payload.at(-1));

describe('a connection', () => {
  let edge: TestEdge;
  const start = async (settings: Parameters<typeof TestEdge.start>[0] = {}) =>
    (edge = await TestEdge.start({ ...settings, settings: { srtLatencyMs: 20, ...settings.settings } }));
  beforeEach(() => start().then(() => undefined));
  afterEach(() => edge.stop());

  const open = async () => {
    const stream = edge.control.newStream();
    const recorder = await edge.record(stream.streamId);
    const encoder = await TestEncoder.connect(edge.ports.srt, `publish:${stream.key}`);
    return { stream, recorder, encoder };
  };
  const endsWith = (reason: string) => expect.poll(() => edge.control.ended, POLL).toMatchObject([{ reason }]);

  it('loses pictures up to the next keyframe where packets are missing, and counts them', async () => {
    const { recorder, encoder } = await open();
    for (let i = 0; i < 60; i++) {
      const packets = encoder.packetsOf(i);
      // Of one picture, what the encoder was given has not all come.
      encoder.send(i === 30 ? packets.subarray(0, packets.length - 188) : packets);
    }
    encoder.unpublish();
    await recorder.until(() => recorder.frames.at(-1)?.kind === FrameKind.end);
    const expected = Array.from({ length: 60 }, (_, i) => i).filter((i) => i < 30 || i >= 50);
    expect(indexes(recorder)).toEqual(expected.map((i) => i || 1));
    expect(await edge.metric('srt_continuity_errors_total')).toBe(1);
    expect(await edge.metric('ingest_dropped_total', '{kind="video",reason="lost_packets"}')).toBe(1);
    expect(await edge.metric('ingest_dropped_total', '{kind="video",reason="before_keyframe"}')).toBe(19);
  });

  it('goes on where timestamps of 33 bits start again', async () => {
    const { recorder, encoder } = await open();
    const offset90k = 2 ** 33 - 90_000;
    for (let i = 0; i < 50; i++) encoder.picture(i, offset90k);
    encoder.unpublish();
    await recorder.until(() => recorder.frames.at(-1)?.kind === FrameKind.end);
    expect(pictures(recorder).map(({ dts90k }) => dts90k)).toEqual(Array.from({ length: 50 }, (_, i) => i * 3_600));
  });

  it('reads on behind bytes that are no packets', async () => {
    const { recorder, encoder } = await open();
    for (let i = 0; i < 75; i++) {
      if (i === 10) encoder.send(Buffer.alloc(500, 1));
      encoder.picture(i);
    }
    encoder.unpublish();
    await recorder.until(() => recorder.frames.at(-1)?.kind === FrameKind.end);
    expect(indexes(recorder).slice(-50)).toEqual(Array.from({ length: 50 }, (_, i) => i + 25));
    expect(await edge.metric('srt_damaged_packets_total')).toBeGreaterThan(0);
  });

  it('ends when nothing but something else than MPEG-TS comes', async () => {
    await edge.stop();
    await start({ settings: { srtSetupMs: 150 } });
    const { encoder } = await open();
    encoder.send(Buffer.alloc(5_000, 1));
    await encoder.closed;
    encoder.destroy();
    await endsWith('setup_timeout');
  });

  it('ends when it sends no media', async () => {
    await edge.stop();
    await start({ settings: { srtIdleMs: 200 } });
    const { encoder } = await open();
    encoder.picture(0);
    await encoder.closed;
    encoder.destroy();
    await endsWith('idle_timeout');
  });

  it('counts as gone when it is silent, and may come back', async () => {
    await edge.stop();
    await start({ settings: { srtTimeoutMs: 150 } });
    const { encoder, recorder } = await open();
    encoder.picture(0);
    encoder.destroy();
    await endsWith('client_closed');
    await recorder.until(() => recorder.frames.at(-1)?.kind === FrameKind.end);
    expect(recorder.frames.at(-1)!.flags).toBe(0);
  });

  it('is ended with the edge, and told', async () => {
    const { encoder } = await open();
    encoder.picture(0);
    await edge.drain();
    await encoder.closed;
    encoder.destroy();
    expect(edge.control.ended).toMatchObject([{ reason: 'drained' }]);
  });

  it.each([
    ['publish:KEY?backup=1', true],
    ['#!::r=KEY,m=publish,backup=1', true],
    ['publish:KEY?backup=0', false],
  ])('is that of a backup encoder where its stream id says so: %s', async (streamId, isBackup) => {
    const { key } = edge.control.newStream();
    const encoder = await TestEncoder.connect(edge.ports.srt, streamId.replace('KEY', key));
    expect(edge.control.requests.at(-1)?.role === 'backup').toBe(isBackup);
    expect(edge.control.standbys.map(({ change, protocol }) => `${change} ${protocol}`)).toEqual(
      isBackup ? ['waiting srt'] : [],
    );
    encoder.unpublish();
    await expect
      .poll(() => [...edge.control.standbys, ...edge.control.ended].at(-1), POLL)
      .toMatchObject({
        reason: 'unpublished',
      });
  });

  it('waits as a backup, and publishes from its next keyframe on when no other one does', async () => {
    await edge.stop();
    await start({ settings: { backupAfterMs: 500 } });
    const stream = edge.control.newStream();
    const recorder = await edge.record(stream.streamId);
    const encoder = await TestEncoder.connect(edge.ports.srt, `publish:${stream.key}?backup=1`);
    let sent = 0;
    const beat = setInterval(() => encoder.picture(sent++), 20);
    try {
      await recorder.until(() => pictures(recorder).length > 10);
    } finally {
      clearInterval(beat);
    }
    expect(pictures(recorder)[0]!.flags & FrameFlag.keyframe).toBe(FrameFlag.keyframe);
    expect(edge.control.standbys.map(({ change }) => change)).toEqual(['waiting', 'promoted']);
    encoder.destroy();
  });

  it('is cut when its key is revoked', async () => {
    const { encoder, stream } = await open();
    encoder.picture(0);
    const { streamId, streamKeyId } = stream;
    edge.ingest.cutPublisher({ streamId, streamKeyId, reason: 'key_revoked', beforeEpoch: undefined });
    await encoder.closed;
    encoder.destroy();
    await endsWith('key_revoked');
  });

  it('is turned away beyond the limit of its address', async () => {
    await edge.stop();
    await start({ settings: { srtMaxConnectionsPerAddress: 1 } });
    const { encoder } = await open();
    const { key } = edge.control.newStream();
    await expect(TestEncoder.connect(edge.ports.srt, `publish:${key}`)).rejects.toThrow(String(SrtRejection.resource));
    expect(await edge.metric('ingest_refused_connections_total', '{protocol="srt"}')).toBe(1);
    encoder.unpublish();
  });

  it('is let in although all places were taken by callers that were refused', async () => {
    await edge.stop();
    await start({ settings: { srtMaxConnections: 2 } });
    for (let i = 0; i < 4; i++)
      await expect(TestEncoder.connect(edge.ports.srt, '')).rejects.toThrow(String(SrtRejection.badRequest));
    const { encoder } = await open();
    encoder.unpublish();
  });

  it.each([
    ['already_publishing', SrtRejection.conflict],
    ['quota', SrtRejection.overload],
    ['stream_disabled', SrtRejection.locked],
    ['not_authorized', SrtRejection.forbidden],
    ['unavailable', SrtRejection.down],
  ] as const)('is told %s by a reason of its own', async (refusal, reason) => {
    edge.control.refusal = refusal;
    const { key } = edge.control.newStream();
    await expect(TestEncoder.connect(edge.ports.srt, `publish:${key}`)).rejects.toThrow(String(reason));
    expect(edge.control.rejected).toMatchObject([{ refusal, protocol: 'srt' }]);
  });
});
