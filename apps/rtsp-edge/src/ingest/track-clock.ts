// The clocks of the tracks of one encoder, brought together: RTP timestamps begin anywhere (RFC 3550 section 5.1), sender reports say
// which of them belong to one instant (section 6.4.1).
import { TICKS_PER_MS } from '@millrace/domain';
import { RtpTimestampUnwrapper } from '@millrace/protocol/rtp';

/** Clocks that drift apart, or reports that are rounded, move a track only from here on. */
const TOLERATED_MS = 10;
/** What a server says of the beginning counts if the first packet is no further from it: some say what is not so. */
const MAX_FROM_START_MS = 2_000;

/** What the tracks of a session share. */
export class SessionClock {
  readonly #arrivalMs: () => number;
  /** Time of this session minus the sender's wall clock; known from the first track that has a report. */
  baseMs: number | undefined;
  #origin90k: number | undefined;
  #startMs: number | undefined;
  readonly #onWallClock: (wallMs: number, sinceFirstMs: number) => void;
  #timekeeper: TrackClock | undefined;
  /** A reading from before the first frame. */
  #early: { readonly wallMs: number; readonly timeMs: number } | undefined;

  /**
   * @param arrivalMs milliseconds of a monotonic clock
   * @param onWallClock told the sender's wall clock, and which time since the first frame it belongs to
   */
  constructor(arrivalMs: () => number, onWallClock: (wallMs: number, sinceFirstMs: number) => void = () => undefined) {
    this.#arrivalMs = arrivalMs;
    this.#onWallClock = onWallClock;
  }

  get nowMs(): number {
    return this.#arrivalMs();
  }

  /** The time since the first frame of any track, so that it is at 0 to the tick. */
  sinceFirst(time90k: number): number {
    this.#origin90k ??= time90k;
    const early = this.#early;
    if (early !== undefined) {
      this.#early = undefined;
      this.#tell(early.wallMs, early.timeMs, this.#origin90k);
    }
    return time90k - this.#origin90k;
  }

  /**
   * The clock is read from the first track that has reports alone: times of others move when theirs come.
   * @param timeMs of this session at that instant
   */
  readWallClock(track: TrackClock, wallMs: number, timeMs: number): void {
    this.#timekeeper ??= track;
    if (this.#timekeeper !== track) return;
    // RFC 3550 section 6.4.1: "A sender that has no notion of wallclock or elapsed time MAY set the NTP timestamp to zero."
    if (wallMs <= 0) return;
    if (this.#origin90k === undefined) this.#early = { wallMs, timeMs };
    else this.#tell(wallMs, timeMs, this.#origin90k);
  }

  #tell(wallMs: number, timeMs: number, origin90k: number): void {
    this.#onWallClock(wallMs, timeMs - origin90k / TICKS_PER_MS);
  }

  /** The time at which all tracks begin whose first timestamps are known. */
  get startMs(): number {
    return (this.#startMs ??= this.nowMs);
  }

  open(clockRate: number): TrackClock {
    return new TrackClock(this, clockRate);
  }
}

/**
 * Until reports say otherwise, the first packets of all tracks are taken to belong to the time at which they came: encoders
 * send what was captured at one time at about the same time.
 */
export class TrackClock {
  readonly session: SessionClock;
  readonly #clockRate: number;
  readonly #unwrapper = new RtpTimestampUnwrapper();
  #offsetMs: number | undefined;
  /** Of the track, at the beginning; undefined where the sender does not say. */
  #startMs: number | undefined;
  /** The sender's wall clock minus the time of the track. */
  #wallMs: number | undefined;

  constructor(session: SessionClock, clockRate: number) {
    this.session = session;
    this.#clockRate = clockRate;
  }

  /** @param timestamp of a packet, 32 bits. @returns its time in milliseconds, with a fraction, which does not wrap */
  timeMs(timestamp: number): number {
    const trackMs = this.#toMs(this.#unwrapper.unwrap(timestamp));
    this.#offsetMs ??= this.#begin(trackMs);
    return trackMs + this.#offsetMs;
  }

  /** @param timestamp that belongs to the time at which all tracks begin, 32 bits */
  start(timestamp: number): void {
    this.#startMs = this.#toMs(this.#unwrapper.near(timestamp) ?? this.#unwrapper.unwrap(timestamp));
  }

  /** @param wallClockMs of the sender. @param timestamp of the track at that instant, 32 bits */
  report(wallClockMs: number, timestamp: number): void {
    const trackMs = this.#toMs(this.#unwrapper.near(timestamp) ?? this.#unwrapper.unwrap(timestamp));
    this.#wallMs = wallClockMs - trackMs;
    if (this.#offsetMs === undefined) return;
    const session = this.session;
    session.readWallClock(this, wallClockMs, trackMs + this.#offsetMs);
    session.baseMs ??= this.#offsetMs - this.#wallMs;
    const offsetMs = this.#wallMs + session.baseMs;
    if (Math.abs(offsetMs - this.#offsetMs) > TOLERATED_MS) this.#offsetMs = offsetMs;
  }

  #begin(trackMs: number): number {
    const session = this.session;
    const beginsAtMs = (): number => this.#startOffset(trackMs) ?? session.nowMs - trackMs;
    if (this.#wallMs === undefined) return beginsAtMs();
    const offsetMs = session.baseMs === undefined ? beginsAtMs() : this.#wallMs + session.baseMs;
    session.baseMs ??= offsetMs - this.#wallMs;
    session.readWallClock(this, trackMs + this.#wallMs, trackMs + offsetMs);
    return offsetMs;
  }

  #startOffset(trackMs: number): number | undefined {
    if (this.#startMs === undefined || Math.abs(trackMs - this.#startMs) > MAX_FROM_START_MS) return undefined;
    return this.session.startMs - this.#startMs;
  }

  #toMs(ticks: number): number {
    return (ticks * 1_000) / this.#clockRate;
  }
}
