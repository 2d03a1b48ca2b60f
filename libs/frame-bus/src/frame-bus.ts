// The port that carries frames from edges to packagers and players, and the marks of what was committed back.
import type { CommitMark, Frame, FramePosition } from '@millrace/domain';

/** Where a subscriber starts. */
export type StartPosition =
  /** With the next frame. */
  | { readonly from: 'live' }
  /**
   * With the configuration and the newest keyframe that the log holds, then everything after it. When it holds none, with
   * the first one that comes.
   */
  | { readonly from: 'keyframe' }
  /** With the first frame at or after this position that the log holds. `{ epoch: 0, sequence: 0 }` is the oldest one. */
  | { readonly from: 'position'; readonly position: FramePosition };

/**
 * What a subscriber is told. Called synchronously, one after another, never re-entered, and not before `subscribe` has
 * resolved. Must not throw: one that does is closed.
 */
export interface FrameSubscriber {
  /** The frames of a stream in order: each (epoch, sequence) once, sequences without gaps unless `onGap` said so. */
  onFrame(frame: Frame): void;
  /**
   * Frames are gone for good: the log no longer holds what lies between the last frame given (or the start position) and
   * `next`, the frame that follows now. A new epoch that begins at 1 is no gap when it is known that nothing is missing in
   * between: the `end` frame was given, or the feed was not interrupted. Otherwise frames may be gone, and it is one.
   */
  onGap(expected: FramePosition, next: FramePosition): void;
}

export interface FrameSubscription {
  /**
   * The subscriber reads no payload of a frame before this position any more, and has nowhere kept a view of one: the memory may be used
   * again. One that never says so may keep what it was given as long as it likes.
   */
  release(position: FramePosition): void;
  /** Stops it. No call comes after this one returned. */
  close(): void;
}

/** Memory in which payloads of published frames lie, and which is used again once the bus and all readers have let them go. */
export interface PayloadMemory {
  /** The bus keeps these bytes. Called once for each frame that it takes, except for configurations, which are kept elsewhere too. */
  keep(payload: Uint8Array): void;
  /** Neither the bus nor any reader will look at these bytes again. Never called for a frame that a reader may still have. */
  free(payload: Uint8Array): void;
}

/**
 * The publisher of one epoch of one stream. Nothing is awaited per frame: `publish` keeps the frame, sends it as soon as the
 * bus takes it, and keeps it until a commit mark covers it or the limit of kept frames is reached by confirmed ones.
 */
export interface FramePublisher {
  /**
   * Takes a frame; the payload must not change afterwards.
   * @throws FrameBusError for a frame of another epoch, one that does not follow, or one above the limit of the bus
   * @returns false when more than `maxInflightBytes` wait unconfirmed: stop reading from the encoder until `onDrain`;
   *   false also, and the frame is dropped, after `close`
   */
  publish(frame: Frame): boolean;
  /** Sends at once what was held back to be sent together. */
  flush(): void;
  /**
   * Sends at once what was published so far, and waits, at most `timeoutMs`, until the bus has confirmed all of it: the log has it then.
   * @returns false when it is not known that the log has all of it
   */
  confirmed(timeoutMs: number): Promise<boolean>;
  /** What the bus has not confirmed yet, in bytes: the payloads and 256 bytes for each frame. */
  readonly inflightBytes: number;
  /** Called each time `publish` may go on after it has returned false. */
  onDrain: (() => void) | undefined;
  /** Told what becomes of payloads. To be set before the first frame. */
  memory: PayloadMemory | undefined;
  /** Sends what is left and waits, at most `timeoutMs`, until the bus has confirmed it. Idempotent. */
  close(timeoutMs: number): Promise<void>;
}

/** How full one part of the log is, for those who watch it. */
export interface LogUsage {
  readonly shard: number;
  readonly bytes: number;
  /** At this the oldest frames go. */
  readonly limitBytes: number;
  readonly messages: number;
  /** Who reads the log now, to catch up: the live feed needs no reader of the log. */
  readonly readers: number;
  /** How far back the log reaches, in milliseconds. */
  readonly ageMs: number;
}

export interface FrameBus {
  /**
   * Opens the publisher of one epoch.
   * @param epoch greater than every epoch of this stream before
   * @param tenantId whose stream it is: tenants share the memory for frames that are kept
   */
  openPublisher(streamId: string, epoch: number, tenantId?: string): FramePublisher;

  /** Subscribes to one stream. Resolves once frames published from now on are sure to arrive. */
  subscribe(streamId: string, start: StartPosition, subscriber: FrameSubscriber): Promise<FrameSubscription>;

  /**
   * Records durably, outside the live store, how far a stream is committed; publishers forget the frames before it.
   * A mark with a lower `head.mediaSequence` than the recorded one is not recorded.
   * Resolves when the record is as durable as this bus makes it, which `marksFault` may say is less than it should be.
   */
  recordCommit(mark: CommitMark): Promise<void>;

  /** The newest mark of a stream. */
  lastCommit(streamId: string): Promise<CommitMark | undefined>;

  /** How full the log is. @throws FrameBusError when the server does not answer */
  readLogs(): Promise<readonly LogUsage[]>;

  /**
   * Why marks are not as durable now as they should be, as text without secrets; undefined when they are. They are recorded all
   * the same, in memory, and brought to the disk by the bus itself as soon as it takes them.
   */
  marksFault(): string | undefined;

  /**
   * Why the log has taken no frames for a while, as text without secrets: no new publisher should be accepted. What was accepted
   * before is kept and sent again.
   */
  logFault(): string | undefined;

  /** Whether the bus can be reached now: what readiness asks. */
  isReady(): boolean;

  /** Closes everything that was opened from this bus. */
  close(): Promise<void>;
}

/** The injection token of the port. */
export const FRAME_BUS = Symbol('FrameBus');
