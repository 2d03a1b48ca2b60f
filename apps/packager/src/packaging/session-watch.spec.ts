import { DEFAULT_STREAM_SETTINGS } from '@millrace/domain';
import type { LiveStream } from '@millrace/live-store';
import { describe, expect, it } from 'vitest';
import { SessionWatch } from './session-watch.ts';

const WINDOW_MS = 10_000;

const live = (disconnectedAtMs: number | undefined): LiveStream => ({
  claim: {
    tenantId: 'ten_1',
    streamId: 'str_1',
    streamKeyId: 'skey_1',
    sessionId: 'ses_1',
    epoch: 1,
    edgeId: 'edge-1',
    sessionStartedAtMs: 1,
    epochStartedAtMs: 1,
    settings: DEFAULT_STREAM_SETTINGS,
  },
  disconnectedAtMs,
  leaseOwner: 'packager-1',
});

/** Observes once a second. @returns at which seconds the session was over */
function over(observations: readonly (readonly [LiveStream | undefined, number])[]): number[] {
  const watch = new SessionWatch();
  return observations.flatMap(([state, frames], second) =>
    watch.observe(state, WINDOW_MS, frames, second * 1_000) ? [second] : [],
  );
}

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe('a session', () => {
  it('is not over while its publisher is connected, also when nothing comes', () => {
    expect(over(times(30, [live(undefined), 5]))).toEqual([]);
  });

  it('is over when its publisher was away for the window, by this process, whatever the store says since when', () => {
    expect(over(times(12, [live(0), 5]))).toEqual([10, 11]);
    expect(over(times(12, [live(1_900_000_000_000), 5]))).toEqual([10, 11]);
  });

  it('is not over while an encoder waits that will go on, and is when that one sends nothing', () => {
    const waiting = (isReady: boolean): LiveStream => ({
      ...live(0),
      standby: { role: 'backup', streamKeyId: 'skey_2', edgeId: 'edge-2', sinceMs: 0, isReady, details: undefined },
    });
    expect(over(times(12, [waiting(true), 5]))).toEqual([]);
    expect(over(times(12, [waiting(false), 5]))).toEqual([10, 11]);
  });

  it('begins a new window each time', () => {
    const away = [
      ...times(8, [live(0), 5] as const),
      [live(undefined), 5] as const,
      ...times(12, [live(9), 5] as const),
    ];
    expect(over(away)).toEqual([19, 20]);
  });

  it('is not over while frames still come out of the log', () => {
    const frames = times(15, live(0)).map((state, second) => [state, Math.min(second, 12)] as const);
    expect(over(frames)).toEqual([13, 14]);
  });

  it('is over when the store does not list it any more: it was ended', () => {
    expect(over(times(4, [undefined, 5]))).toEqual([2, 3]);
    expect(
      over([
        [undefined, 5],
        [undefined, 5],
        [live(undefined), 5],
        [undefined, 5],
        [undefined, 5],
      ]),
    ).toEqual([]);
  });
});

describe('a feed', () => {
  it('is stalled when a connected publisher seems to send nothing for long; asked, it counts anew', () => {
    const watch = new SessionWatch();
    const stalled = times(45, 0).map((_, second) => {
      watch.observe(live(undefined), WINDOW_MS, 5, second * 1_000);
      return watch.isStalled();
    });
    expect(stalled.flatMap((is, second) => (is ? [second] : []))).toEqual([20, 40]);
  });

  it('is not stalled while there is no publisher', () => {
    const watch = new SessionWatch();
    watch.observe(live(0), WINDOW_MS, 5, 0);
    watch.observe(live(0), WINDOW_MS, 5, 60_000);
    expect(watch.isStalled()).toBe(false);
  });
});
