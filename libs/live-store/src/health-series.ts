// What an encoder sent, one sample for each report of its edge: the last three hours of a session, as both adapters keep them.

/** Rates are those since the sample before; counts are what was added to them since then. */
export interface HealthSample {
  /** Milliseconds since 1970, by the edge's clock. */
  readonly atMs: number;
  readonly videoBitsPerSecond: number;
  readonly audioBitsPerSecond: number;
  readonly framesPerSecond: number;
  /** Undefined before the second keyframe, or without video. */
  readonly keyframeIntervalMs: number | undefined;
  /** The newest decode time of video minus that of audio; undefined without one of them. */
  readonly driftMs: number | undefined;
  /** Media messages that did not become frames. */
  readonly droppedFrames: number;
  /** Frames that came while the frame bus was behind. */
  readonly heldFrames: number;
  readonly timestampJumps: number;
}

/** A sample on its way into the store. */
export interface SessionSample {
  readonly tenantId: string;
  readonly sessionId: string;
  readonly sample: HealthSample;
}

/** How far back samples are kept: a ring with one place for each minute. */
export const HEALTH_SERIES_MINUTES = 180;
/** A minute takes this much text: over four times what an edge writes. */
export const MAX_MINUTE_LENGTH = 4_096;
const MINUTE_MS = 60_000;

export const minuteOf = (atMs: number): number => Math.floor(atMs / MINUTE_MS);
/** The place of a minute in the ring. */
export const placeOf = (minute: number): number => minute % HEALTH_SERIES_MINUTES;
/** What the text of a minute begins with: a place holds one minute after another. */
export const minuteMark = (minute: number): string => `${minute};`;

/** The minutes of the ring that hold samples from `fromMs` on and before `toMs`. */
export function minutesBetween(fromMs: number, toMs: number): number[] {
  const last = minuteOf(toMs - 1);
  const first = Math.max(minuteOf(fromMs), last - HEALTH_SERIES_MINUTES + 1);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
}

/** Without rounding a rate has seventeen digits. */
export function formatSample(sample: HealthSample): string {
  const { atMs, videoBitsPerSecond, audioBitsPerSecond, framesPerSecond, keyframeIntervalMs, driftMs } = sample;
  const fields = [
    atMs % MINUTE_MS,
    Math.round(videoBitsPerSecond),
    Math.round(audioBitsPerSecond),
    Math.round(framesPerSecond * 100) / 100,
    keyframeIntervalMs === undefined ? '' : Math.round(keyframeIntervalMs),
    driftMs === undefined ? '' : Math.round(driftMs),
    sample.droppedFrames,
    sample.heldFrames,
    sample.timestampJumps,
  ];
  return `${fields.join(',')};`;
}

/** The samples in the text of a place, as long as it is still that of this minute. What is none is passed over. */
export function readMinute(minute: number, text: string | null | undefined): HealthSample[] {
  const mark = minuteMark(minute);
  if (text?.startsWith(mark) !== true) return [];
  return text
    .slice(mark.length)
    .split(';')
    .map((fields) => readSample(minute, fields))
    .filter((sample) => sample !== undefined);
}

function readSample(minute: number, text: string): HealthSample | undefined {
  const fields = text.split(',');
  const number = (i: number): number => {
    const field = fields[i] ?? '';
    return field === '' ? Number.NaN : Number(field);
  };
  const optional = (i: number): number | undefined => (Number.isFinite(number(i)) ? number(i) : undefined);
  const needed = [0, 1, 2, 3, 6, 7, 8];
  if (!needed.every((i) => number(i) >= 0 && Number.isFinite(number(i)))) return undefined;
  return {
    atMs: minute * MINUTE_MS + number(0),
    videoBitsPerSecond: number(1),
    audioBitsPerSecond: number(2),
    framesPerSecond: number(3),
    keyframeIntervalMs: optional(4),
    driftMs: optional(5),
    droppedFrames: number(6),
    heldFrames: number(7),
    timestampJumps: number(8),
  };
}
