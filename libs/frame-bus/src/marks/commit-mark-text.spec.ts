import { newId, type ResumePoint } from '@millrace/domain';
import { describe, expect, it } from 'vitest';
import { sampleMark } from '../testing/sample-frames.ts';
import { formatCommitMark, parseCommitMark } from './commit-mark-text.ts';

const mark = sampleMark(newId('str'), 7, { epoch: 1_795_000_000_000, sequence: 4_711 });

describe('a commit mark as text', () => {
  it('is one line and comes back as it was', () => {
    const text = formatCommitMark(mark);
    expect(text).not.toContain('\n');
    expect(parseCommitMark(text)).toEqual(mark);
  });

  it('says what later releases added to a state', () => {
    const continuity = { ...mark.head.continuity, metadata: 7 };
    const late = { ...mark, head: { ...mark.head, awaitsKeyframe: true, videoDelay90k: 10_260, continuity } };
    expect(parseCommitMark(formatCommitMark(late))).toEqual(late);
  });

  const point = (mediaSequence: number): ResumePoint => ({
    ...mark.head,
    position: { epoch: mark.head.position.epoch - 5_000, sequence: mediaSequence * 100 },
    mediaSequence,
    discontinuity: mediaSequence % 2 === 1,
    continuity: { pat: 15, pmt: 14, video: 13, audio: 12 },
    epochZeroMs: mark.head.epochZeroMs - 5_000,
  });

  it('has the points between tail and head in it', () => {
    const between = [
      point(5),
      { ...point(6), awaitsKeyframe: true, videoDelay90k: 10_260 },
      { ...point(7), videoDelay90k: 0 },
      { ...point(8), continuity: { ...point(8).continuity, metadata: 0 } },
      { ...point(9), videoDelay90k: 5, continuity: { ...point(9).continuity, metadata: 15 } },
    ];
    expect(parseCommitMark(formatCommitMark({ ...mark, between }))).toEqual({ ...mark, between });
  });

  it('keeps the newest points within what earlier releases read', () => {
    const between = Array.from({ length: 512 }, (_, index) => point(1_000_000 + index));
    const text = formatCommitMark({ ...mark, between });
    expect(text.length).toBeLessThanOrEqual(4_096);
    const read = parseCommitMark(text)!.between!;
    expect(read.length).toBeGreaterThanOrEqual(40);
    expect(read).toEqual(between.slice(-read.length));
  });

  it('leaves out points of another session, and such as are none', () => {
    const foreign = { ...point(5), sessionId: 'ses_00000000000000000000000001' };
    expect(parseCommitMark(formatCommitMark({ ...mark, between: [foreign] }))).toEqual(mark);
    const text = JSON.stringify({ ...mark, between: [null, ['a'], [1, 2], [0, 0, -1, 1, 1, 0, 1, 1, 1, 1, 2], 7] });
    expect(parseCommitMark(text)).toEqual(mark);
  });

  it('is not read when it was cut off anywhere', () => {
    const text = formatCommitMark(mark);
    for (let length = 0; length < text.length; length++) expect(parseCommitMark(text.slice(0, length))).toBeUndefined();
  });

  it.each([
    ['null', null],
    ['a list', [mark]],
    ['another id', { ...mark, streamId: 'live/secret' }],
    ['no head', { ...mark, head: undefined }],
    ['a fractional number', { ...mark, head: { ...mark.head, mediaSequence: 1.5 } }],
    ['a negative number', { ...mark, tail: { ...mark.tail, discontinuitySequence: -1 } }],
    ['a position without a sequence', { ...mark, head: { ...mark.head, position: { epoch: 1 } } }],
    ['a flag as a number', { ...mark, head: { ...mark.head, discontinuity: 0 } }],
    ['no session', { ...mark, head: { ...mark.head, sessionId: null } }],
    ['no time', { ...mark, head: { ...mark.head, epochZeroMs: null } }],
    ['no counters', { ...mark, head: { ...mark.head, continuity: [] } }],
    ['a wait as a number', { ...mark, head: { ...mark.head, awaitsKeyframe: 1 } }],
    ['a delay below zero', { ...mark, head: { ...mark.head, videoDelay90k: -1 } }],
    ['too much', { ...mark, head: { ...mark.head, sessionId: 'x'.repeat(5_000) } }],
  ])('is not read from %s', (_, value) => {
    expect(parseCommitMark(JSON.stringify(value))).toBeUndefined();
  });
});
