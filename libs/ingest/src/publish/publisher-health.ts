// What is wrong with what a publisher sends, judged with each report: every condition begins and ends with hysteresis.
import type { SessionWarningCode } from '@millrace/domain';
import { INGEST_LIMITS } from './ingest-limits.ts';
import type { TrackName } from './media-observer.ts';

/** What came since the report before. */
export interface HealthWindow {
  readonly wallMs: number;
  /** How far the newest decode time has come. */
  readonly mediaMs: number;
  readonly videoFrames: number;
  readonly audioFrames: number;
  /** Whether the track had frames before. */
  readonly hadVideo: boolean;
  readonly hadAudio: boolean;
  /** Between keyframes or recovery points, where viewers can start; undefined where there was no pair of them. */
  readonly shortestKeyframeMs: number | undefined;
  readonly longestKeyframeMs: number | undefined;
  /** Since the newest of them, by decode times; undefined before the first one. */
  readonly openGroupMs: number | undefined;
  /** Video minus audio. */
  readonly driftMs: number | undefined;
  readonly jumps: number;
}

export interface HealthChange {
  readonly code: SessionWarningCode;
  readonly track: TrackName | undefined;
  readonly state: 'degraded' | 'recovered';
  /** What was measured. */
  readonly detail: string | undefined;
}

/** `bad` with what was measured; undefined: this window says nothing of it. */
type Verdict = { readonly bad: boolean; readonly detail?: string } | undefined;

interface Rule {
  readonly code: SessionWarningCode;
  readonly track: TrackName | undefined;
  /** How many bad windows in a row begin the condition; with good ones in between it takes more. */
  readonly beginsAfter: number;
  /** How many good windows in a row end it, the first time. */
  readonly endsAfter: number;
  /** @param isOn whether the condition holds: what ended it must be clearly better than what began it */
  readonly judge: (window: HealthWindow, isOn: boolean) => Verdict;
}

/** Encoders are told to send a keyframe every 2 s; players wait for one, and a segment ends at none before. */
const LONG_GROUP_MS = { begins: 5_000, ends: 4_500 };
const IRREGULAR = { begins: 1.5, ends: 1.25 };
/** Groups differ by a few frames where the frame rate varies. */
const IRREGULAR_MS = 400;
/** Keyframe intervals are compared over so many windows: one odd keyframe is in no more of them. */
const COMPARED_WINDOWS = 2;
/** Media time per wall time. */
const SLOW = { begins: 0.8, ends: 0.9 };
/** A shorter window is dominated by how packets happen to arrive. */
const MIN_WINDOW_MS = 3_000;
const DRIFT_MS = { begins: 1_000, ends: 700 };
/** What ends when nothing of it was seen for so many windows. */
const SEEN_ENDS_AFTER = 6;
/** A bad window weighs as much as two good ones. */
const BAD_WEIGHT = 2;

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
const threshold = ({ begins, ends }: { readonly begins: number; readonly ends: number }, isOn: boolean): number =>
  isOn ? ends : begins;

/** One condition of one publisher. */
class Condition {
  isOn = false;
  #badness = 0;
  #good = 0;
  #times = 0;
  readonly #beginsAt: number;
  readonly #endsAfter: number;

  constructor(beginsAfter: number, endsAfter: number) {
    this.#beginsAt = beginsAfter * BAD_WEIGHT;
    this.#endsAfter = endsAfter;
  }

  /** @returns whether it has begun or ended with this window */
  observe(bad: boolean): boolean {
    this.#badness = Math.max(0, Math.min(this.#beginsAt, this.#badness + (bad ? BAD_WEIGHT : -1)));
    this.#good = bad ? 0 : this.#good + 1;
    if (this.isOn ? this.#good < this.#patience : this.#badness < this.#beginsAt) return false;
    this.isOn = !this.isOn;
    if (this.isOn) this.#times++;
    this.#badness = 0;
    this.#good = 0;
    return true;
  }

  /** What comes back again and again must stay away for longer each time: it is reported less and less often. */
  get #patience(): number {
    return Math.min(this.#endsAfter * 2 ** (this.#times - 1), INGEST_LIMITS.recoveryWindows);
  }
}

export class PublisherHealth {
  readonly #rules = RULES.map((rule) => ({ rule, condition: new Condition(rule.beginsAfter, rule.endsAfter) }));
  /** What is found while media is read, by code and track. */
  readonly #found = new Map<string, FoundCondition>();
  readonly #recent: HealthWindow[] = [];

  /** Something was found wrong with a message. @returns a change when it was not known to be */
  found(code: SessionWarningCode, track: TrackName | undefined, detail: string | undefined): HealthChange | undefined {
    const name = `${code} ${track ?? ''}`;
    const known = this.#found.get(name);
    const found = known ?? { code, track, condition: new Condition(1, SEEN_ENDS_AFTER), wasSeen: true };
    this.#found.set(name, found);
    found.wasSeen = true;
    if (found.condition.isOn) return undefined;
    found.condition.observe(true);
    return { code, track, state: 'degraded', detail };
  }

  /** @returns what has changed with this window */
  observe(window: HealthWindow): HealthChange[] {
    this.#recent.push(window);
    if (this.#recent.length > COMPARED_WINDOWS) this.#recent.shift();
    const compared = compare(this.#recent);
    const changes: HealthChange[] = [];
    for (const { rule, condition } of this.#rules) {
      const verdict = rule.judge(compared, condition.isOn);
      if (verdict === undefined || !condition.observe(verdict.bad)) continue;
      const state = condition.isOn ? 'degraded' : 'recovered';
      changes.push({ code: rule.code, track: rule.track, state, detail: verdict.detail });
    }
    for (const found of this.#found.values()) {
      const { code, track, condition, wasSeen } = found;
      found.wasSeen = false;
      const frames = track === undefined ? 1 : window[`${track}Frames`];
      // A track of which nothing can be used, and that has paused, is not in order.
      if (!condition.isOn || (!wasSeen && frames === 0)) continue;
      if (condition.observe(wasSeen)) changes.push({ code, track, state: 'recovered', detail: undefined });
    }
    return changes;
  }
}

interface FoundCondition {
  readonly code: SessionWarningCode;
  readonly track: TrackName | undefined;
  readonly condition: Condition;
  wasSeen: boolean;
}

/** The newest window, with the keyframe intervals of those before it. */
function compare(windows: readonly HealthWindow[]): HealthWindow {
  const newest = windows.at(-1)!;
  const shortest = windows.map((window) => window.shortestKeyframeMs).filter((ms) => ms !== undefined);
  const longest = windows.map((window) => window.longestKeyframeMs).filter((ms) => ms !== undefined);
  return {
    ...newest,
    shortestKeyframeMs: shortest.length === 0 ? undefined : Math.min(...shortest),
    longestKeyframeMs: longest.length === 0 ? undefined : Math.max(...longest),
  };
}

const starved =
  (track: TrackName): Rule['judge'] =>
  (window) =>
    (track === 'video' ? window.hadVideo : window.hadAudio) ? { bad: window[`${track}Frames`] === 0 } : undefined;

const RULES: readonly Rule[] = [
  {
    code: 'gop_too_long',
    track: 'video',
    beginsAfter: 1,
    endsAfter: 2,
    judge: ({ videoFrames, longestKeyframeMs = 0, openGroupMs = 0 }, isOn) => {
      if (videoFrames === 0) return undefined;
      const longest = Math.max(longestKeyframeMs, openGroupMs);
      const detail =
        openGroupMs > longestKeyframeMs ? `none for ${seconds(openGroupMs)}` : `${seconds(longest)} between keyframes`;
      return { bad: longest > threshold(LONG_GROUP_MS, isOn), detail };
    },
  },
  {
    code: 'gop_irregular',
    track: 'video',
    beginsAfter: 4,
    endsAfter: 3,
    judge: ({ videoFrames, shortestKeyframeMs: shortest, longestKeyframeMs: longest }, isOn) => {
      if (videoFrames === 0 || shortest === undefined || longest === undefined) return undefined;
      const bad = longest > shortest * threshold(IRREGULAR, isOn) && longest - shortest > IRREGULAR_MS;
      return { bad, detail: `from ${seconds(shortest)} to ${seconds(longest)} between keyframes` };
    },
  },
  { code: 'video_starved', track: 'video', beginsAfter: 1, endsAfter: 1, judge: starved('video') },
  { code: 'audio_starved', track: 'audio', beginsAfter: 1, endsAfter: 1, judge: starved('audio') },
  {
    code: 'bitrate_unstable',
    track: undefined,
    beginsAfter: 3,
    endsAfter: 6,
    judge: ({ wallMs, mediaMs, videoFrames, audioFrames }, isOn) => {
      // When nothing comes at all, tracks are starved.
      if (wallMs < MIN_WINDOW_MS || videoFrames + audioFrames === 0) return undefined;
      const speed = mediaMs / wallMs;
      return { bad: speed < threshold(SLOW, isOn), detail: `${Math.round(speed * 100)} % of real time` };
    },
  },
  {
    code: 'timestamp_jump',
    track: undefined,
    beginsAfter: 1,
    endsAfter: 6,
    judge: ({ jumps }) => ({ bad: jumps > 0 }),
  },
  {
    code: 'av_desync',
    track: undefined,
    beginsAfter: 2,
    endsAfter: 2,
    judge: ({ videoFrames, audioFrames, driftMs }, isOn) => {
      if (videoFrames === 0 || audioFrames === 0 || driftMs === undefined) return undefined;
      const ahead = driftMs > 0 ? 'the video' : 'the audio';
      const bad = Math.abs(driftMs) > threshold(DRIFT_MS, isOn);
      return { bad, detail: `${ahead} is ${seconds(Math.abs(driftMs))} ahead` };
    },
  },
];
