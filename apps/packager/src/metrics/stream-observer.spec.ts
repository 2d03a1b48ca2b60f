import { UsageLedger, UsageReporter } from '@millrace/control';
import { createLogger, Metrics, NO_TRACER } from '@millrace/service-kit';
import { beforeEach, describe, expect, it } from 'vitest';
import type { StartPlan } from '../packaging/start-plan.ts';
import { SegmentSpans } from '../traces/segment-spans.ts';
import { packagerMetrics } from './packager-metrics.ts';
import { PackagedTime } from './packaged-time.ts';
import { StreamObserver } from './stream-observer.ts';

const MINUTE_MS = 60_000;

let metrics: Metrics;
let lines: string[];
let observer: StreamObserver;
beforeEach(() => {
  metrics = new Metrics({ service: 'test', version: '0', processMetrics: false });
  lines = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ service: 'test', level: 'info', destination });
  const clock = { monotonicMs: () => 0, wallMs: () => 0 };
  const spans = new SegmentSpans({ tracer: NO_TRACER, instanceId: 'p', ...clock });
  const control = { reportUsage: () => Promise.resolve(true) };
  const packaged = new PackagedTime(new UsageReporter({ ledger: new UsageLedger(), control }));
  const { monotonicMs } = clock;
  const options = { streamId: 'str_1', logger, segmentTargetMs: 2_000, monotonicMs, spans, packaged };
  observer = new StreamObserver({ ...options, metrics: packagerMetrics(metrics) });
});

describe('the time to the first segment', () => {
  const started = (kind: StartPlan['kind']): void => {
    const container = { name: 'mpegts', state: {} };
    const point = { mediaSequence: 7, discontinuitySequence: 0, discontinuity: false, container };
    const position = { epoch: 1, sequence: 1 };
    observer.started({
      kind,
      point: { ...point, position, targetDurationSeconds: 2, epochZeroMs: 0, sessionId: 'ses_1' },
      window: { sessionId: 'ses_1', entries: [], resumePoints: [] },
      expectedMediaSequence: 7,
      step: 0,
      rebuildTo: undefined,
      description: undefined,
      markedMediaSequence: 7,
      missingMark: undefined,
      numbersAreUncertain: false,
    });
  };
  const counted = async (): Promise<number> =>
    Number(/packager_time_to_first_segment_seconds_count\S* (\d+)/.exec(await metrics.text())?.[1] ?? 0);
  const logged = (): number => lines.filter((line) => line.includes('session is active')).length;

  it.each(['first', 'new-session'] as const)('is that of a session that begins (%s)', async (kind) => {
    started(kind);
    observer.sessionActive('ses_1', 2_500);
    expect([await counted(), logged()]).toEqual([1, 1]);
  });

  it.each(['follow', 'rebuild', 'after-mark'] as const)('is not the age of one taken over (%s)', async (kind) => {
    started(kind);
    observer.sessionActive('ses_1', 30 * MINUTE_MS);
    expect([await counted(), logged()]).toEqual([0, 0]);
    // The next one begins here.
    observer.sessionActive('ses_2', 2_500);
    expect([await counted(), logged()]).toEqual([1, 1]);
  });
});

describe('frames that are left out', () => {
  it('are counted each, and warned of once for each session', async () => {
    const frame = { kind: 1, codec: 200, flags: 0, epoch: 1, dts90k: 0, compositionOffset90k: 0 };
    for (const sequence of [1, 2, 3])
      observer.frameLeftOut('ses_1', { ...frame, sequence, payload: new Uint8Array(0) }, 'codec');
    observer.frameLeftOut('ses_2', { ...frame, track: 1, sequence: 4, payload: new Uint8Array(0) }, 'track');
    expect(await metrics.text()).toMatch(/packager_left_out_frames_total\S*reason="codec"\S* 3/);
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { level: 40, session_id: 'ses_1', reason: 'codec', kind: 1, codec: 200, track: 0 },
      { level: 40, session_id: 'ses_2', reason: 'track', kind: 1, codec: 200, track: 1 },
    ]);
  });
});
