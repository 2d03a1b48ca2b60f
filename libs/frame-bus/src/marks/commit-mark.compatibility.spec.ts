// Commit marks in a rolling update: the release before runs beside this one. See fixtures/release-0.1.0/README.md.
import { readFileSync } from 'node:fs';
import { newId, readResumePoint } from '@millrace/domain';
import type { ResumePoint } from '@millrace/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCommitMark, parseCommitMark } from './commit-mark-text.ts';

const fixture = (file: string): URL => new URL(`../../fixtures/release-0.1.0/${file}`, import.meta.url);

/** A resume point as the release before had it: with the counters of its one container. */
type OlderPoint = Omit<ResumePoint, 'container'> & { readonly continuity: Readonly<Record<string, number>> };
interface OlderMark {
  readonly streamId: string;
  readonly tail: OlderPoint;
  readonly head: OlderPoint;
  readonly between?: readonly OlderPoint[];
}
const released = (await import(fixture('commit-mark-text.ts').href)) as {
  readonly formatCommitMark: (mark: OlderMark) => string;
  readonly parseCommitMark: (text: string) => OlderMark | undefined;
};
interface Recorded {
  readonly mark: OlderMark;
  readonly text: string;
}
const recorded = JSON.parse(readFileSync(fixture('marks.json'), 'utf8')) as Recorded[];

/** The same point in today's form. */
const today = ({ continuity, ...point }: OlderPoint): ResumePoint => ({
  ...point,
  container: { name: 'mpegts', state: continuity },
});
const todaysMark = ({ streamId, tail, head, between }: OlderMark) => ({
  streamId,
  tail: today(tail),
  head: today(head),
  ...(between === undefined ? {} : { between: between.map(today) }),
});

const sessionId = newId('ses');
const count = fc.nat({ max: 2 ** 40 });
const counter = fc.nat({ max: 15 });
const points: fc.Arbitrary<OlderPoint> = fc.record(
  {
    position: fc.record({ epoch: count, sequence: count }),
    mediaSequence: count,
    discontinuitySequence: count,
    discontinuity: fc.boolean(),
    continuity: fc.record(
      { pat: counter, pmt: counter, video: counter, audio: counter, metadata: counter },
      { requiredKeys: ['pat', 'pmt', 'video', 'audio'] },
    ),
    targetDurationSeconds: fc.nat({ max: 60 }),
    awaitsKeyframe: fc.boolean(),
    videoDelay90k: fc.nat({ max: 270_000 }),
    epochZeroMs: count,
    sessionId: fc.constant(sessionId),
  },
  {
    requiredKeys: [
      ...(['position', 'mediaSequence', 'discontinuitySequence', 'discontinuity', 'continuity'] as const),
      ...(['targetDurationSeconds', 'epochZeroMs', 'sessionId'] as const),
    ],
  },
);
const marks: fc.Arbitrary<OlderMark> = fc.record({
  streamId: fc.constant(newId('str')),
  tail: points,
  head: points,
  between: fc.array(points, { minLength: 1, maxLength: 5 }),
});

describe('what this release writes', () => {
  it('is what the release before wrote, and is read by it', () => {
    fc.assert(
      fc.property(marks, (mark) => {
        const text = formatCommitMark(todaysMark(mark));
        expect(JSON.parse(text)).toEqual(JSON.parse(released.formatCommitMark(mark)));
        expect(released.parseCommitMark(text)).toEqual(released.parseCommitMark(released.formatCommitMark(mark)));
        expect(released.parseCommitMark(text)).toEqual(mark);
        const command = 'FC30';
        const adBreak = { id: 'scte35-7-1', kind: 'break', event: '7', startMs: 1, listedWith: 1, command } as const;
        expect(released.parseCommitMark(formatCommitMark({ ...todaysMark(mark), breaks: [adBreak] }))).toEqual(mark);
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
  });

  it('gives a packager of the release before the numbers of a container that it does not know, and its own counters', () => {
    fc.assert(
      fc.property(marks, (mark) => {
        const container = { name: 'later', state: { fragment: 7 } };
        const { tail, head, between = [] } = todaysMark(mark);
        const later = {
          streamId: mark.streamId,
          tail: { ...tail, container },
          head: { ...head, container },
          between: between.map((point) => ({ ...point, container })),
        };
        const continuity = { pat: 0, pmt: 0, video: 0, audio: 0 };
        expect(released.parseCommitMark(formatCommitMark(later))).toEqual({
          streamId: mark.streamId,
          tail: { ...mark.tail, continuity },
          head: { ...mark.head, continuity },
        });
        expect(parseCommitMark(formatCommitMark(later))).toEqual(later);
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
  });
});

describe('what the release before wrote', () => {
  it('is read', () => {
    fc.assert(
      fc.property(marks, (mark) => {
        expect(parseCommitMark(released.formatCommitMark(mark))).toEqual(todaysMark(mark));
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
  });

  it.each(recorded.map((record, index) => [index, record] as const))('is read: recording %i', (_, { mark, text }) => {
    expect(parseCommitMark(text)).toEqual(todaysMark(mark));
    expect(readResumePoint(mark.head)).toEqual(today(mark.head));
  });
});
