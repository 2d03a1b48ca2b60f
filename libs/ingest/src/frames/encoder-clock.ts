// The encoder's own clock, where it sends one. It decides the dates of the stream, so a clock that cannot be right is ignored.
import { TICKS_PER_MS } from '@millrace/domain';
import type { MediaObserver } from '../publish/media-observer.ts';
import type { MediaTimeline } from './media-timeline.ts';

/** The encoder's clock may differ from that of the edge by as much. */
export const MAX_CLOCK_OFFSET_MS = 10_000;
/** Between two readings, the encoder's clock and the times of its media may move apart by as much. */
export const MAX_CLOCK_JUMP_MS = 1_000;
/** Readings come late and are rounded: less than this is neither drift nor a reason to move dates. */
const TOLERATED_MS = 100;

interface Reading {
  readonly wallMs: number;
  readonly rawMs: number;
}

export class EncoderClock {
  readonly #timeline: Pick<MediaTimeline, 'positionOf' | 'hasBegun'>;
  readonly #observer: Pick<MediaObserver, 'warn'>;
  readonly #nowMs: () => number;
  /** A reading that has no place on the timeline yet: it came before the first frame. */
  #unplaced: Reading | undefined;
  #newest: Reading | undefined;
  /** The wall clock minus the time of the stream. */
  #zeroMs: number | undefined;
  /** Why it is not trusted any more. */
  #fault: string | undefined;

  /** @param nowMs the wall clock of this edge */
  constructor(
    timeline: Pick<MediaTimeline, 'positionOf' | 'hasBegun'>,
    observer: Pick<MediaObserver, 'warn'>,
    nowMs: () => number = Date.now,
  ) {
    this.#timeline = timeline;
    this.#observer = observer;
    this.#nowMs = nowMs;
  }

  /**
   * Takes a reading of the encoder's clock.
   *
   * @param wallMs milliseconds since 1970
   * @param rawMs the encoder's media time at that instant, unwrapped
   */
  read(wallMs: number, rawMs: number): void {
    if (this.#fault !== undefined) return this.#distrust(this.#fault);
    const offsetMs = wallMs - this.#nowMs();
    if (Math.abs(offsetMs) > MAX_CLOCK_OFFSET_MS)
      return this.#distrust(`${seconds(Math.abs(offsetMs))} ${offsetMs < 0 ? 'slow' : 'fast'}`);
    this.#unplaced = this.#newest = { wallMs, rawMs };
    if (this.#timeline.hasBegun) this.#follow();
  }

  /** The encoder's wall clock at a decode time of the epoch; undefined while it is not known, and once it was wrong. */
  timeAt(dts90k: number): number | undefined {
    if (this.#fault !== undefined) return undefined;
    if (this.#timeline.hasBegun) this.#follow();
    return this.#zeroMs === undefined ? undefined : Math.round(this.#zeroMs + dts90k / TICKS_PER_MS);
  }

  /** The timeline has begun anew. */
  restart(): void {
    this.#zeroMs = undefined;
    this.#unplaced = this.#newest;
  }

  #follow(): void {
    if (this.#unplaced === undefined) return;
    const { wallMs, rawMs } = this.#unplaced;
    this.#unplaced = undefined;
    const positionMs = this.#timeline.positionOf(rawMs);
    if (positionMs === undefined) return;
    const zeroMs = wallMs - positionMs;
    const movedMs = zeroMs - (this.#zeroMs ?? zeroMs);
    if (Math.abs(movedMs) > MAX_CLOCK_JUMP_MS) return this.#distrust(`it jumped by ${seconds(movedMs)}`);
    if (this.#zeroMs === undefined || Math.abs(movedMs) > TOLERATED_MS) this.#zeroMs = zeroMs;
  }

  #distrust(fault: string): void {
    this.#fault = fault;
    this.#observer.warn('encoder_clock', undefined, fault);
  }
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
