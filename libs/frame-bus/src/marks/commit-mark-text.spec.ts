import { newId, writeResumePoint } from '@millrace/domain';
import type { CommitMark, ContainerPoint, ListedBreak, ResumePoint } from '@millrace/domain';
import { describe, expect, it } from 'vitest';
import { sampleMark } from '../testing/sample-frames.ts';
import { formatCommitMark, parseCommitMark } from './commit-mark-text.ts';

const mark = sampleMark(newId('str'), 7, { epoch: 1_795_000_000_000, sequence: 4_711 });

const withMetadata = ({ container }: ResumePoint, metadata: number): ContainerPoint => ({
  ...container,
  state: { ...container.state, metadata },
});

const writtenMark = ({ streamId, tail, head }: CommitMark) => ({
  streamId,
  tail: writeResumePoint(tail),
  head: writeResumePoint(head),
});
const written = writtenMark(mark);
const many = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`n${index}`, index]));

describe('a commit mark as text', () => {
  it('is one line and comes back as it was', () => {
    const text = formatCommitMark(mark);
    expect(text).not.toContain('\n');
    expect(parseCommitMark(text)).toEqual(mark);
  });

  it('says what later releases added to a state', () => {
    const container = withMetadata(mark.head, 7);
    const more = { awaitsKeyframe: true, videoDelay90k: 10_260, keySequence: 3, container };
    const late = { ...mark, head: { ...mark.head, ...more } };
    expect(parseCommitMark(formatCommitMark(late))).toEqual(late);
  });

  const point = (mediaSequence: number): ResumePoint => ({
    ...mark.head,
    position: { epoch: mark.head.position.epoch - 5_000, sequence: mediaSequence * 100 },
    mediaSequence,
    discontinuity: mediaSequence % 2 === 1,
    container: { name: 'mpegts', state: { pat: 15, pmt: 14, video: 13, audio: 12 } },
    epochZeroMs: mark.head.epochZeroMs - 5_000,
  });

  it('has the points between tail and head in it', () => {
    const between = [
      point(5),
      { ...point(6), awaitsKeyframe: true, videoDelay90k: 10_260 },
      { ...point(7), videoDelay90k: 0 },
      { ...point(8), container: withMetadata(point(8), 0) },
      { ...point(9), videoDelay90k: 5, container: withMetadata(point(9), 15) },
      { ...point(10), keySequence: 10 },
      { ...point(11), keySequence: 0, container: withMetadata(point(11), 3) },
    ];
    expect(parseCommitMark(formatCommitMark({ ...mark, between }))).toEqual({ ...mark, between });
  });

  const adBreak = (n: number, bytes = 20): ListedBreak => ({
    id: `scte35-${n}-${1_795_000_000_000 + n}`,
    kind: 'break',
    event: String(n),
    startMs: 1_795_000_000_000 + n,
    listedWith: n,
    command: 'FC'.repeat(bytes),
    ...(n % 2 === 0 && { plannedMs: 30_000, autoReturn: true }),
    ...(n % 3 === 0 && { end: { atMs: 1_795_000_030_000, listedWith: n + 3, command: 'FC30' } }),
  });

  it('has the breaks that are listed in it, the newest of them, and points beside them', () => {
    const breaks = [adBreak(1), adBreak(2), adBreak(3)];
    const between = [point(5), point(6)];
    expect(parseCommitMark(formatCommitMark({ ...mark, between, breaks }))).toEqual({ ...mark, between, breaks });
    const many = Array.from({ length: 32 }, (_, n) => adBreak(n, n % 4 === 0 ? 512 : 20));
    const points = Array.from({ length: 40 }, (_, index) => point(1_000_000 + index));
    const read = parseCommitMark(formatCommitMark({ ...mark, between: points, breaks: many }))!;
    expect(read.breaks).toEqual(many.slice(-3));
    expect(read.between!.length).toBeGreaterThan(20);
    expect(read.between).toEqual(points.slice(-read.between!.length));
  });

  it('leaves out breaks that are none', () => {
    const breaks = [
      null,
      'FC',
      { ...adBreak(1), command: 'FC"' },
      { ...adBreak(1), kind: 'end' },
      { ...adBreak(1), startMs: -1 },
      { ...adBreak(3), end: { atMs: 1, listedWith: 1, command: '\n' } },
      adBreak(3),
    ];
    expect(parseCommitMark(JSON.stringify({ ...written, breaks }))).toEqual({ ...mark, breaks: [adBreak(3)] });
    expect(parseCommitMark(JSON.stringify({ ...written, breaks: 7 }))).toEqual(mark);
  });

  it('keeps the newest points within what earlier releases read', () => {
    const between = Array.from({ length: 512 }, (_, index) => point(1_000_000 + index));
    const text = formatCommitMark({ ...mark, between });
    expect(text.length).toBeLessThanOrEqual(4_096);
    const read = parseCommitMark(text)!.between!;
    expect(read.length).toBeGreaterThanOrEqual(40);
    expect(read).toEqual(between.slice(-read.length));
  });

  it('has the state of any other container in it', () => {
    const later = (sequence: number) => ({
      ...point(sequence),
      container: { name: 'later', state: { fragment: sequence } },
    });
    const other = {
      ...mark,
      tail: later(4),
      head: later(9),
      between: [later(5), { ...later(7), videoDelay90k: 3, keySequence: 6 }],
    };
    expect(parseCommitMark(formatCommitMark(other))).toEqual(other);
    expect(parseCommitMark(formatCommitMark({ ...other, between: [point(5), ...other.between] }))).toEqual(other);
  });

  it('leaves out points of another session, and such as are none', () => {
    const foreign = { ...point(5), sessionId: 'ses_00000000000000000000000001' };
    expect(parseCommitMark(formatCommitMark({ ...mark, between: [foreign] }))).toEqual(mark);
    const text = JSON.stringify({ ...written, between: [null, ['a'], [1, 2], [0, 0, -1, 1, 1, 0, 1, 1, 1, 1, 2], 7] });
    expect(parseCommitMark(text)).toEqual(mark);
  });

  it('is not read when it was cut off anywhere', () => {
    const text = formatCommitMark(mark);
    for (let length = 0; length < text.length; length++) expect(parseCommitMark(text.slice(0, length))).toBeUndefined();
  });

  it.each([
    ['null', null],
    ['a list', [written]],
    ['another id', { ...written, streamId: 'live/secret' }],
    ['no head', { ...written, head: undefined }],
    ['a fractional number', { ...written, head: { ...written.head, mediaSequence: 1.5 } }],
    ['a negative number', { ...written, tail: { ...written.tail, discontinuitySequence: -1 } }],
    ['a position without a sequence', { ...written, head: { ...written.head, position: { epoch: 1 } } }],
    ['a flag as a number', { ...written, head: { ...written.head, discontinuity: 0 } }],
    ['no session', { ...written, head: { ...written.head, sessionId: null } }],
    ['no time', { ...written, head: { ...written.head, epochZeroMs: null } }],
    ['no counters', { ...written, head: { ...written.head, continuity: [] } }],
    ['a counter too few', { ...written, head: { ...written.head, continuity: { pat: 1, pmt: 1, video: 1 } } }],
    ['a container without a name', { ...written, head: { ...written.head, container: { state: {} } } }],
    [
      'a container with a path for a name',
      { ...written, head: { ...written.head, container: { name: '../a', state: {} } } },
    ],
    ['a container without a state', { ...written, head: { ...written.head, container: { name: 'later' } } }],
    [
      'a state with a text in it',
      { ...written, head: { ...written.head, container: { name: 'later', state: { a: '1' } } } },
    ],
    [
      'a state with a long name in it',
      { ...written, head: { ...written.head, container: { name: 'later', state: { ['n'.repeat(33)]: 1 } } } },
    ],
    [
      'a state of too many numbers',
      { ...written, head: { ...written.head, container: { name: 'later', state: many } } },
    ],
    ['a wait as a number', { ...written, head: { ...written.head, awaitsKeyframe: 1 } }],
    ['a key below zero', { ...written, head: { ...written.head, keySequence: -1 } }],
    ['a delay below zero', { ...written, head: { ...written.head, videoDelay90k: -1 } }],
    ['too much', { ...written, head: { ...written.head, sessionId: 'x'.repeat(5_000) } }],
  ])('is not read from %s', (_, value) => {
    expect(parseCommitMark(JSON.stringify(value))).toBeUndefined();
  });
});
