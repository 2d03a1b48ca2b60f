// Repeated work whose times coincide, so that an idle process wakes up seldom, and once for all of its parts.

/** What is repeated until it is stopped. It does not keep the process running. */
export interface Beat {
  /** Idempotent. */
  stop(): void;
}

/** What is repeated while there is work. */
export interface WorkBeat extends Beat {
  /** Tells that there is work. Costs next to nothing while it beats. Does nothing once it was stopped. */
  wake(): void;
}

/** All that is repeated with one interval. */
interface Rhythm {
  readonly intervalMs: number;
  readonly beats: Set<(lateMs: number) => void>;
  dueAtMs: number;
}

/** Rhythms that are due so soon are served with those that are due now: a timer counts whole milliseconds. */
const TOGETHER_MS = 1;

/** One timer for all that is repeated. */
class SharedBeats {
  readonly #rhythms = new Map<number, Rhythm>();
  readonly #observers = new Set<(lateMs: number) => void>();
  // Of the clock that was in use when the first part began.
  readonly #setTimeout = setTimeout;
  readonly #clearTimeout = clearTimeout;
  readonly #now = performance.now.bind(performance);
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Infinity;

  add(intervalMs: number, beat: (lateMs: number) => void): void {
    const nowMs = this.#nowMs();
    let rhythm = this.#rhythms.get(intervalMs);
    if (rhythm === undefined) {
      rhythm = { intervalMs, beats: new Set(), dueAtMs: nextMultiple(nowMs, intervalMs) };
      this.#rhythms.set(intervalMs, rhythm);
    }
    rhythm.beats.add(beat);
    if (this.#timer === undefined || rhythm.dueAtMs < this.#timerAtMs) this.#arm(nowMs);
  }

  /** While others are left, the timer stays as it is: it may find nothing to do, once. */
  remove(intervalMs: number, beat: (lateMs: number) => void): void {
    const rhythm = this.#rhythms.get(intervalMs);
    if (rhythm?.beats.delete(beat) !== true || rhythm.beats.size > 0) return;
    this.#rhythms.delete(intervalMs);
    if (this.#rhythms.size === 0) this.#arm(0);
  }

  observe(observer: (lateMs: number) => void): () => void {
    this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }

  #nowMs(): number {
    return this.#now();
  }

  #arm(nowMs: number): void {
    this.#clearTimeout.call(globalThis, this.#timer);
    this.#timer = undefined;
    if (this.#rhythms.size === 0) return;
    this.#timerAtMs = Math.min(...[...this.#rhythms.values()].map(({ dueAtMs }) => dueAtMs));
    // A timer counts whole milliseconds, and rounds down.
    const inMs = Math.max(0, Math.ceil(this.#timerAtMs - nowMs));
    this.#timer = this.#setTimeout.call(globalThis, () => this.#fire(), inMs).unref();
  }

  #fire(): void {
    const nowMs = this.#nowMs();
    const due: { readonly rhythm: Rhythm; readonly lateMs: number; readonly beats: ((lateMs: number) => void)[] }[] =
      [];
    for (const rhythm of this.#rhythms.values()) {
      if (rhythm.dueAtMs > nowMs + TOGETHER_MS) continue;
      // The loop's clock may be a fraction ahead of this one.
      due.push({ rhythm, lateMs: Math.max(0, nowMs - rhythm.dueAtMs), beats: [...rhythm.beats] });
      rhythm.dueAtMs = nextMultiple(Math.max(rhythm.dueAtMs, nowMs), rhythm.intervalMs);
    }
    this.#arm(nowMs);
    const failures: unknown[] = [];
    const call = (beat: (lateMs: number) => void, lateMs: number): void => {
      try {
        beat(lateMs);
      } catch (error) {
        failures.push(error);
      }
    };
    for (const { rhythm, lateMs, beats } of due)
      // One that another one has stopped meanwhile is left out.
      for (const beat of beats) if (rhythm.beats.has(beat)) call(beat, lateMs);
    const latestMs = Math.max(...due.map(({ lateMs }) => lateMs));
    if (due.length > 0) for (const observer of this.#observers) call(observer, latestMs);
    // What fails does not hold up the others, and is not caught here.
    if (failures.length > 0) throw failures[0];
  }
}

/** By the timers in use: a process has one, and each test that has a clock of its own another one. */
const all = new WeakMap<typeof setTimeout, SharedBeats>();

function shared(): SharedBeats {
  let beats = all.get(setTimeout);
  if (beats === undefined) all.set(setTimeout, (beats = new SharedBeats()));
  return beats;
}

/**
 * Calls `beat` at the multiples of `intervalMs` on the process's monotonic clock, which begins with the process: parts with the same interval,
 * or a multiple of it, share a wake-up, and two processes do not act at the same moment. Times that were missed are left out.
 *
 * @param beat is told how late it is, in milliseconds: other work has held up the process for so long
 */
export function onSharedBeat(intervalMs: number, beat: (lateMs: number) => void): Beat {
  const beats = shared();
  // Its own function, so that the same one may be given twice.
  const own = (lateMs: number): void => beat(lateMs);
  beats.add(intervalMs, own);
  return { stop: () => beats.remove(intervalMs, own) };
}

/**
 * The same while there is work: it rests after a beat that has left none, and wakes nothing until `wake`. So it beats once more after the
 * work has ended.
 */
export function onSharedBeatWhile(
  intervalMs: number,
  hasWork: () => boolean,
  beat: (lateMs: number) => void,
): WorkBeat {
  let isStopped = false;
  let beats: Beat | undefined;
  const rest = (): void => {
    beats?.stop();
    beats = undefined;
  };
  const wake = (): void => {
    if (beats !== undefined || isStopped) return;
    beats = onSharedBeat(intervalMs, (lateMs) => {
      beat(lateMs);
      if (!hasWork()) rest();
    });
  };
  if (hasWork()) wake();
  return {
    wake,
    stop: () => {
      isStopped = true;
      rest();
    },
  };
}

/** Calls `observer` at every wake-up of the shared beats, with how late it is: nothing is woken up for it. @returns stops it */
export function observeSharedBeats(observer: (lateMs: number) => void): () => void {
  return shared().observe(observer);
}

const nextMultiple = (nowMs: number, intervalMs: number): number => (Math.floor(nowMs / intervalMs) + 1) * intervalMs;
