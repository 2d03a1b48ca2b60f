import { MediaTimeline } from '@millrace/ingest';
import type { TrackName } from '@millrace/ingest';
import { beforeEach, describe, expect, it } from 'vitest';
import { MessageTimeline } from './message-timeline.ts';

const TICKS = 90;
const u32 = (ms: number) => ms >>> 0;

describe('MessageTimeline', () => {
  let timeline: MediaTimeline;
  let messages: MessageTimeline;
  const place = (track: TrackName, ms: number) => messages.place(track, u32(ms), 0) / TICKS;

  beforeEach(() => {
    timeline = new MediaTimeline(() => 0);
    messages = new MessageTimeline(timeline);
  });

  it('goes on over the wrap of 32 bits, and beyond 2^31', () => {
    const times = [2 ** 32 - 40, 2 ** 32 - 20, 0, 20].map((ms) => place('video', ms));
    expect(times).toEqual([0, 20, 40, 60]);
    const far = new MediaTimeline(() => 0);
    const beyond = new MessageTimeline(far);
    for (let ms = 2 ** 31 - 60; ms <= 2 ** 31 + 60; ms += 20) beyond.place('video', u32(ms), 0);
    expect([far.nowMs, far.jumps]).toEqual([120, 0]);
  });

  it('puts data beside the media of its time over the wrap, and lets it move nothing', () => {
    const beside = (ms: number) => timeline.beside(messages.nearest(u32(ms))) / TICKS;
    expect(beside(5)).toBe(0);
    place('video', 2 ** 32 - 100);
    place('video', 2 ** 32 - 60);
    expect([-100, -80, -60, 0, 40, 9_000].map(beside)).toEqual([0, 20, 40, 100, 140, 9_100]);
    // Too far away to be of the same clock: now.
    expect([20_000, -60_000, 2 ** 31].map(beside)).toEqual([40, 40, 40]);
    expect(place('video', 2 ** 32 - 20)).toBe(80);
    expect(timeline.jumps).toBe(0);
  });

  it('says by how much a picture is decoded later than the encoder meant', () => {
    place('video', 0);
    expect([place('video', 0), messages.delayed90k]).toEqual([10, 10 * TICKS]);
  });
});
