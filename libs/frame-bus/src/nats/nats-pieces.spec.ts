import { newId } from '@millrace/domain';
import { describe, expect, it } from 'vitest';
import { FrameBusError } from '../frame-bus.errors.ts';
import { sampleConfiguration, sampleFrame, sampleKeyframe } from '../testing/sample-frames.ts';
import { wireBytes, writeFrame, writeFrameParts } from '../wire/frame-writer.ts';
import { frameSubject, marksSubject, shardOf } from './frame-subject.ts';
import { HeldMessages } from './held-messages.ts';
import { KeyframeFinder, messageSpan } from './message-span.ts';
import { OutgoingSlab } from './outgoing-slab.ts';
import { completeLimits, NATS_FRAME_BUS_DEFAULTS } from './nats-limits.ts';

const message = (...frames: ReturnType<typeof sampleFrame>[]): Uint8Array => {
  const bytes = new Uint8Array(frames.reduce((sum, frame) => sum + wireBytes(frame), 0));
  frames.reduce((at, frame) => writeFrame(bytes, at, frame), 0);
  return bytes;
};

describe('subjects', () => {
  it.each(['', '*', 'a.b', '>', 'str_*', 'str_ 0000000000000000000000000', newId('ten')])('refuse %j', (text) => {
    expect(() => frameSubject(text, 0)).toThrow(FrameBusError);
    expect(() => marksSubject(text)).toThrow(FrameBusError);
  });

  it('put a stream into the same shard everywhere, and streams into all shards', () => {
    const streamId = newId('str');
    expect(shardOf(streamId, 4)).toBe(shardOf(streamId, 4));
    const shards = new Set(Array.from({ length: 200 }, () => shardOf(newId('str'), 4)));
    expect([...shards].sort()).toEqual([0, 1, 2, 3]);
  });
});

describe('messageSpan', () => {
  it('tells the first and the last frame, also of a part, and of what precedes garbage', () => {
    const span = { first: { epoch: 5, sequence: 7 }, last: { epoch: 5, sequence: 9 } };
    const whole = message(sampleFrame(5, 7), sampleFrame(5, 8), sampleFrame(5, 9));
    expect(messageSpan(whole)).toEqual(span);
    expect(messageSpan(Buffer.concat([whole, Buffer.from('garbage')]))).toEqual(span);
    const part = [...writeFrameParts(sampleFrame(5, 7), 60)][1]!;
    expect(messageSpan(part)).toEqual({ first: span.first, last: span.first });
    expect(messageSpan(new Uint8Array(0))).toBeUndefined();
    expect(messageSpan(Buffer.from('garbage'))).toBeUndefined();
  });
});

describe('KeyframeFinder', () => {
  it('follows configuration over the border of messages', () => {
    const finder = new KeyframeFinder();
    finder.push(message(sampleFrame(1, 1), sampleConfiguration(1, 2)));
    expect(finder.newest).toBeUndefined();
    finder.push(message(sampleConfiguration(1, 3), sampleKeyframe(1, 4), sampleConfiguration(1, 5)));
    finder.push(message(sampleFrame(1, 6), sampleConfiguration(1, 7)));
    expect(finder.newest).toEqual({ epoch: 1, sequence: 2 });
  });
});

describe('HeldMessages', () => {
  it('lets everything go at its limit, and says so once', () => {
    const one = message(sampleFrame(1, 1));
    const held = new HeldMessages(one.byteLength * 2);
    held.push(one);
    held.push(message(sampleFrame(1, 2)));
    expect(held.first()).toEqual({ epoch: 1, sequence: 1 });
    expect(held.takeOverflow()).toBe(false);
    held.push(message(sampleFrame(1, 3)));
    expect(held.first()).toBeUndefined();
    expect([held.takeOverflow(), held.takeOverflow()]).toEqual([true, false]);
    held.push(one);
    expect(held.peek()).toBe(one);
  });

  it('passes over messages without frames', () => {
    const held = new HeldMessages(1_000_000);
    held.push(new Uint8Array(0));
    held.push(Buffer.from('garbage'));
    held.push(message(sampleFrame(1, 2)));
    expect(held.first()).toEqual({ epoch: 1, sequence: 2 });
  });
});

describe('OutgoingSlab', () => {
  it('never gives the same memory out twice before it was given back', () => {
    const slab = new OutgoingSlab();
    const taken = Array.from({ length: 300 }, (_, index) => slab.take(1_000 + index).fill(index & 0xff));
    for (const [index, bytes] of taken.entries()) expect(bytes.every((byte) => byte === (index & 0xff))).toBe(true);
    const full = slab.takeFull();
    expect(full.length).toBeGreaterThan(0);
    expect(slab.takeFull()).toEqual([]);
    slab.release(full);
    const buffers = new Set(full.map((block) => block.buffer));
    const again = Array.from({ length: 600 }, () => slab.take(1_000));
    expect(again.some((bytes) => buffers.has(bytes.buffer as ArrayBuffer))).toBe(true);
    expect(slab.take(1_000_000).byteLength).toBe(1_000_000);
  });
});

describe('completeLimits', () => {
  it('takes what is given and the defaults for the rest', () => {
    const limits = completeLimits({ batchWaitMs: 5, shards: undefined });
    expect(limits).toEqual({ ...NATS_FRAME_BUS_DEFAULTS, batchWaitMs: 5 });
  });
});
