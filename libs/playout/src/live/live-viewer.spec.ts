import { describe, expect, it } from 'vitest';
import type { Frame } from '@millrace/domain';
import { RecordingSink } from '../testing/recording-sink.ts';
import { keyframe, picture, sound, TextForm } from '../testing/text-form.ts';
import { ByteBudget } from './byte-budget.ts';
import { LiveBatch, LiveFrame } from './live-frame.ts';
import { LiveViewer } from './live-viewer.ts';
import type { ViewerCutReason, ViewerLimits } from './live-viewer.ts';

const TRACKS = { hasVideo: true, hasAudio: false };
const LIMITS: ViewerLimits = { maxQueueBytes: 100_000, maxQueue90k: 5 * 3_600, maxSkips: 3, unreadMs: 10_000 };

function create(limits: Partial<ViewerLimits> = {}, budget = new ByteBudget({ max: 1e6, maxPerTenant: 1e6 })) {
  const form = new TextForm();
  const sink = new RecordingSink();
  const clock = { ms: 0 };
  const counts = { skips: 0, bytes: 0, cuts: [] as ViewerCutReason[] };
  const observer = {
    sent: (bytes: number) => void (counts.bytes += bytes),
    skipped: () => void counts.skips++,
    cut: (reason: ViewerCutReason) => void counts.cuts.push(reason),
  };
  const account = budget.open({ tenantId: 'a' });
  const viewer = new LiveViewer(form, sink, account, { ...LIMITS, ...limits }, observer, () => clock.ms);
  const live = (frame: Frame, startsGroup = false): LiveFrame =>
    new LiveFrame(frame, frame.sequence, frame.dts90k, startsGroup);
  const key = (n: number, payload?: Uint8Array): void =>
    viewer.push(live(keyframe(n, payload === undefined ? {} : { payload }), true), TRACKS);
  const pictures = (...numbers: number[]): void => {
    for (const n of numbers) viewer.push(live(picture(n)), TRACKS);
  };
  return { viewer, sink, clock, counts, budget, live, key, pictures };
}

describe('LiveViewer', () => {
  it('begins with the head and a keyframe, and sends what follows at once', () => {
    const { viewer, sink, counts, key, pictures } = create();
    pictures(1, 2);
    expect(viewer.hasBegun).toBe(false);
    key(3);
    pictures(4);
    expect(sink.written).toEqual(['head video', '1/3 ', '1/4 ']);
    expect(counts.bytes).toBe(sink.written.join('').length);
  });

  it('keeps what a full connection does not take, and sends it in order when it does', () => {
    const { viewer, sink, budget, key, pictures } = create();
    key(1);
    sink.isFull = true;
    pictures(2, 3, 4);
    expect(sink.written).toEqual(['head video', '1/1 ', '1/2 ']);
    expect(budget.bytes).toBeGreaterThan(0);
    sink.isFull = false;
    viewer.drained();
    pictures(5);
    expect(sink.written.slice(2)).toEqual(['1/2 ', '1/3 ', '1/4 ', '1/5 ']);
    expect(budget.bytes).toBe(0);
  });

  it('is given several frames in one piece, or one by one where it does not want all of them', () => {
    const { viewer, sink, live, key } = create();
    const give = (...frames: Frame[]): void =>
      viewer.pushBatch(new LiveBatch(frames.map((frame) => live(frame))), TRACKS);
    key(1);
    give(picture(2), sound(3), picture(4));
    viewer.want({ audio: false, video: true });
    give(picture(5), sound(6), picture(7));
    give(picture(8), picture(9));
    expect(sink.written.slice(2)).toEqual(['1/2 1/3 1/4 ', '1/5 ', '1/7 ', '1/8 1/9 ']);
  });

  it('goes on with the next keyframe when too much of the stream waits', () => {
    const { viewer, sink, counts, budget, key, pictures } = create();
    key(1);
    sink.isFull = true;
    pictures(2, 3, 4, 5, 6, 7, 8);
    expect(counts.skips).toBe(0);
    pictures(9);
    expect(counts.skips).toBe(1);
    expect(budget.bytes).toBe(0);
    sink.isFull = false;
    viewer.drained();
    pictures(10);
    key(11);
    pictures(12);
    expect(sink.written.slice(2)).toEqual(['1/2 ', '1/11 ', '1/12 ']);
  });

  it('goes on with a keyframe that itself finds no room behind what waits', () => {
    const { viewer, sink, counts, key, pictures } = create();
    key(1);
    sink.isFull = true;
    pictures(2, 3);
    key(20);
    expect(counts.skips).toBe(1);
    sink.isFull = false;
    viewer.drained();
    expect(sink.written.slice(2)).toEqual(['1/2 ', '1/20 ']);
  });

  it('keeps no more bytes for a viewer than it may, and none beyond the share of its tenant', () => {
    const few = create({ maxQueueBytes: 600 });
    few.key(1);
    few.sink.isFull = true;
    few.pictures(2, 3, 4);
    expect(few.counts.skips).toBe(0);
    few.pictures(5);
    expect(few.counts.skips).toBe(1);

    const crowded = create({}, new ByteBudget({ max: 1e6, maxPerTenant: 300 }));
    crowded.key(1);
    crowded.sink.isFull = true;
    crowded.pictures(2, 3, 4);
    expect(crowded.counts.skips).toBe(1);
  });

  it('lets a viewer have the whole group that it starts with, however long that is', () => {
    const { viewer, sink, counts, live } = create();
    sink.isFull = true;
    const group = [live(keyframe(1), true), ...Array.from({ length: 50 }, (_, i) => live(picture(i + 2)))];
    viewer.start(group, TRACKS);
    viewer.push(live(picture(52)), TRACKS);
    expect(counts.skips).toBe(0);
    sink.isFull = false;
    viewer.drained();
    expect(sink.written).toHaveLength(1 + 52);
  });

  it('cuts a viewer that falls behind again and again, and not one that seldom does', () => {
    const fallBehind = ({ sink, viewer, key, pictures }: ReturnType<typeof create>, from: number): void => {
      sink.isFull = false;
      viewer.drained();
      key(from);
      sink.isFull = true;
      pictures(from + 1, from + 2, from + 20);
    };
    const slow = create();
    for (let round = 0; round < 3; round++) fallBehind(slow, round * 100);
    expect(slow.sink.over).toBeUndefined();
    fallBehind(slow, 300);
    expect([slow.sink.over, slow.counts.cuts, slow.budget.bytes]).toEqual(['too_slow', ['too_slow'], 0]);

    const seldom = create();
    for (let round = 0; round < 10; round++) {
      fallBehind(seldom, round * 100);
      seldom.clock.ms += 21_000;
    }
    expect(seldom.sink.over).toBeUndefined();
  });

  it('cuts a viewer whose connection takes nothing for too long', () => {
    const { viewer, sink, clock, counts, key } = create();
    key(1);
    clock.ms = 100_000;
    viewer.look();
    expect(sink.over).toBeUndefined();
    sink.isFull = true;
    key(2);
    clock.ms += 9_999;
    viewer.look();
    expect(sink.over).toBeUndefined();
    clock.ms += 1;
    viewer.look();
    expect([sink.over, counts.cuts]).toEqual(['unread', ['unread']]);
  });

  it('waits for a keyframe where frames are missing, after what it has', () => {
    const { viewer, sink, key, pictures } = create();
    key(1);
    viewer.broken();
    pictures(3, 4);
    key(5);
    expect(sink.written).toEqual(['head video', '1/1 ', '1/5 ']);
  });

  it.each([
    ['ended', ['head video', '1/1 ', '1/2 ', '1/3 ']],
    ['taken_down', ['head video', '1/1 ', '1/2 ']],
  ] as const)('when it is %s, sends what it should of what waits, and is told once', (reason, written) => {
    const { viewer, sink, budget, key, pictures } = create();
    key(1);
    sink.isFull = true;
    pictures(2, 3);
    viewer.end(reason);
    expect([sink.written, sink.over, budget.bytes]).toEqual([written, reason, 0]);
    sink.over = undefined;
    viewer.end('ended');
    viewer.drained();
    pictures(4);
    expect([sink.written, sink.over]).toEqual([written, undefined]);
  });
});
