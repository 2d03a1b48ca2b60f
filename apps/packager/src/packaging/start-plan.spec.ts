import { DEFAULT_STREAM_SETTINGS } from '@millrace/domain';
import type { PublishClaim, ResumePoint } from '@millrace/domain';
import type { PlaylistState } from '@millrace/live-store';
import { describe, expect, it } from 'vitest';
import { CONTAINERS } from '../containers/containers.ts';
import { chooseStart, MAX_SEGMENTS_AHEAD_OF_MARK } from './start-plan.ts';
import type { StartFacts } from './start-plan.ts';

const STREAM = 'str_00000000000000000000000001';
const SESSION = 'ses_00000000000000000000000001';
const OTHER = 'ses_00000000000000000000000002';

function point(mediaSequence: number, more: Partial<ResumePoint> = {}): ResumePoint {
  return {
    position: { epoch: 5_000, sequence: 1 + mediaSequence * 100 },
    mediaSequence,
    discontinuitySequence: 2,
    discontinuity: false,
    container: { name: 'mpegts', state: { pat: 1, pmt: 2, video: 3, audio: 4 } },
    targetDurationSeconds: 2,
    epochZeroMs: 5_000,
    sessionId: SESSION,
    ...more,
  };
}

function claim(more: Partial<PublishClaim> = {}): PublishClaim {
  return {
    tenantId: 'ten_00000000000000000000000001',
    streamId: STREAM,
    streamKeyId: 'skey_00000000000000000000000001',
    sessionId: SESSION,
    epoch: 5_000,
    edgeId: 'edge-1',
    sessionStartedAtMs: 5_000,
    epochStartedAtMs: 5_000,
    settings: DEFAULT_STREAM_SETTINGS,
    ...more,
  };
}

function playlist(head: ResumePoint, listed: readonly number[] = [head.mediaSequence - 1]): PlaylistState {
  return {
    streamId: STREAM,
    sessionId: head.sessionId,
    text: '',
    segments: listed.map((mediaSequence) => ({
      mediaSequence,
      name: `${mediaSequence}.ts`,
      durationMs: 2_000,
      bytes: 188,
      discontinuity: false,
      discontinuitySequence: 2,
      independent: true,
      programDateTimeMs: 0,
    })),
    ended: false,
    head,
    resumePoints: listed.map((mediaSequence) => point(mediaSequence)),
    description: {
      codecs: [],
      width: undefined,
      height: undefined,
      frameRate: undefined,
      peakBitsPerSecond: 0,
      averageBitsPerSecond: 0,
    },
    updatedAtMs: 0,
  };
}

const mark = (tail: ResumePoint, head: ResumePoint) => ({ streamId: STREAM, tail, head });

const nothing = {
  containers: CONTAINERS,
  claim: claim(),
  playlist: undefined,
  mark: undefined,
  rebuildFrom: undefined,
};

function plan(facts: Partial<StartFacts>) {
  const start = chooseStart({ ...nothing, ...facts });
  if (start === 'stale-claim') throw new Error('stale claim');
  return start;
}

describe('a head whose container is not known here', () => {
  const later = { container: { name: 'later', state: { fragment: 7 } } };
  const fresh = { name: 'mpegts', state: { pat: 0, pmt: 0, video: 0, audio: 0 } };

  it('gives its numbers, and nothing of its list: what follows has another container, after a discontinuity', () => {
    const start = plan({ playlist: playlist(point(9, later)) });
    expect(start).toMatchObject({ kind: 'after-mark', expectedMediaSequence: 9, window: { entries: [] } });
    expect(start.point).toEqual(
      point(9, { container: fresh, discontinuity: true, discontinuitySequence: 3, awaitsKeyframe: false }),
    );
  });

  it('is not what a lost window is cut again from', () => {
    const start = plan({ mark: { ...mark(point(4, later), point(9)), between: [point(6, later), point(7)] } });
    expect(start).toMatchObject({ kind: 'rebuild', point: point(7) });
  });

  it('counts for the numbers of a new session alone', () => {
    const next = claim({ sessionId: OTHER, epoch: 9_000, sessionStartedAtMs: 9_000, epochStartedAtMs: 9_000 });
    const { kind, point: start } = plan({ claim: next, playlist: playlist(point(9, later)) });
    expect([kind, start.mediaSequence, start.container]).toEqual(['new-session', 9, fresh]);
  });
});

describe('where a packager starts', () => {
  it('with the first frame of the session, when nothing was ever committed', () => {
    expect(plan({})).toMatchObject({
      kind: 'first',
      point: { position: { epoch: 5_000, sequence: 0 }, mediaSequence: 0, discontinuity: false, sessionId: SESSION },
      expectedMediaSequence: undefined,
    });
  });

  it('after what the store has, when store and mark agree', () => {
    const start = plan({ playlist: playlist(point(9), [7, 8]), mark: mark(point(7), point(9)) });
    expect(start).toMatchObject({ kind: 'follow', point: point(9), expectedMediaSequence: 9, missingMark: undefined });
    expect(start.window.entries.map(({ mediaSequence }) => mediaSequence)).toEqual([7, 8]);
  });

  it('after what the store has, and with its mark, when the last packager died between commit and mark', () => {
    const start = plan({ playlist: playlist(point(9), [7, 8]), mark: mark(point(6), point(8)) });
    expect(start).toMatchObject({
      kind: 'follow',
      point: point(9),
      missingMark: { ...mark(point(7), point(9)), between: [point(8)] },
    });
  });

  it.each([
    ['is empty', undefined],
    ['was set back', playlist(point(5))],
  ])('at the tail, when the store %s: the lost window is cut again', (_name, state) => {
    expect(plan({ playlist: state, mark: mark(point(4), point(9)) })).toMatchObject({
      kind: 'rebuild',
      point: point(4),
      rebuildTo: point(9),
      window: { entries: [] },
      expectedMediaSequence: undefined,
    });
  });

  it('at the first point that the log holds, when it does not reach back to the tail', () => {
    const between = [point(5), point(6), point(7), point(8)];
    const facts = { mark: { ...mark(point(4), point(9)), between }, rebuildFrom: { epoch: 5_000, sequence: 650 } };
    expect(plan(facts)).toMatchObject({ kind: 'rebuild', point: point(7), rebuildTo: point(9) });
  });

  it('at the head and with a discontinuity, when the log holds nothing of what was listed', () => {
    const facts = { mark: mark(point(4), point(9)), rebuildFrom: { epoch: 5_000, sequence: 850 } };
    expect(plan(facts)).toMatchObject({
      kind: 'after-mark',
      point: point(9, { discontinuity: true, discontinuitySequence: 3 }),
      rebuildTo: undefined,
      numbersAreUncertain: true,
    });
  });

  it('at the head, when the tail belongs to an older session', () => {
    const facts = { mark: mark(point(4, { sessionId: OTHER }), point(9)) };
    expect(plan(facts)).toMatchObject({ kind: 'after-mark', point: point(9) });
  });
});

describe('a new session', () => {
  const newer = claim({ sessionId: OTHER, sessionStartedAtMs: 90_000, epoch: 90_000, epochStartedAtMs: 90_000 });

  it('goes on with the numbers of the old one, after a discontinuity', () => {
    expect(plan({ claim: newer, playlist: playlist(point(9)), mark: mark(point(4), point(9)) })).toMatchObject({
      kind: 'new-session',
      point: {
        position: { epoch: 90_000, sequence: 0 },
        mediaSequence: 9,
        discontinuity: true,
        discontinuitySequence: 3,
        container: { name: 'mpegts', state: { pat: 1, pmt: 2, video: 3, audio: 4 } },
        targetDurationSeconds: 0,
        epochZeroMs: 90_000,
        sessionId: OTHER,
      },
      window: { sessionId: OTHER, entries: [] },
      expectedMediaSequence: 9,
    });
  });

  it('does not count a discontinuity twice', () => {
    const ended = point(9, { discontinuity: true, discontinuitySequence: 3 });
    const start = plan({ claim: newer, playlist: playlist(ended), mark: undefined });
    expect(start.point).toMatchObject({ discontinuity: true, discontinuitySequence: 3 });
  });

  it('leaves out numbers that may have been used, when the store has lost what came after the mark', () => {
    const start = plan({ claim: newer, mark: mark(point(4), point(9)) });
    expect(start.point.mediaSequence).toBe(9 + MAX_SEGMENTS_AHEAD_OF_MARK);
    expect(start.missingMark).toEqual(mark(start.point, start.point));
  });

  it('is not believed in when commits know a newer publisher: the store was set back', () => {
    const old = claim({ sessionId: OTHER, epoch: 4_000, sessionStartedAtMs: 4_000 });
    const facts = { ...nothing, claim: old, mark: mark(point(4), point(9)) };
    expect(chooseStart(facts)).toBe('stale-claim');
  });
});
