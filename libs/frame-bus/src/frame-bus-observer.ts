// What a bus reports for metrics and logs. The library itself knows no metrics and no logger.

/** Why a publish had to be repeated or was given up. */
export type PublishFailure = 'refused' | 'timeout' | 'disconnected';
/** Why frames were thrown away before a mark covered them. */
export type FrameDropReason = 'over-limit' | 'publisher-closed' | 'malformed';

/** Every method is called on the media path: it must be quick and must not throw. */
export interface FrameBusObserver {
  /** A batch was confirmed this many seconds after it was sent: `bus_publish_seconds`. */
  publishConfirmed(seconds: number): void;
  /** `bus_publish_errors_total` */
  publishFailed(reason: PublishFailure): void;
  /** `bus_dropped_frames_total` */
  framesDropped(count: number, reason: FrameDropReason): void;
  /** Bytes of all publishers that are not confirmed: `bus_inflight_bytes`. */
  inflightBytes(bytes: number): void;
  /** What frames cost that are kept until a mark covers them, and the most that they may: `bus_retained_bytes`. */
  retainedBytes(bytes: number, limitBytes: number): void;
  /**
   * Frames went for want of memory before a mark covered them. Over NATS it still has them; in one process nothing has.
   * `bus_evicted_frames_total`
   */
  framesEvicted(count: number): void;
  /** Something that an operator may want to read in a log; the bus goes on. */
  problem(error: Error): void;
}

const nothing = (): void => undefined;

/** Fills what the caller left out with silence. */
export function completeObserver(observer: Partial<FrameBusObserver> | undefined): FrameBusObserver {
  return {
    publishConfirmed: observer?.publishConfirmed?.bind(observer) ?? nothing,
    publishFailed: observer?.publishFailed?.bind(observer) ?? nothing,
    framesDropped: observer?.framesDropped?.bind(observer) ?? nothing,
    inflightBytes: observer?.inflightBytes?.bind(observer) ?? nothing,
    retainedBytes: observer?.retainedBytes?.bind(observer) ?? nothing,
    framesEvicted: observer?.framesEvicted?.bind(observer) ?? nothing,
    problem: observer?.problem?.bind(observer) ?? nothing,
  };
}
