// Calls a subscriber, who must not throw, and says whether it kept to that.
import type { Frame, FramePosition } from '@millrace/domain';
import type { FrameSubscriber } from '../frame-bus.ts';
import { FrameBusError } from '../frame-bus.errors.ts';
import type { FrameBusObserver } from '../frame-bus-observer.ts';

/** Gives a frame. @returns false when the subscriber threw: it must be closed, or one reader could stop all others */
export function giveFrame(subscriber: FrameSubscriber, frame: Frame, observer: FrameBusObserver): boolean {
  try {
    subscriber.onFrame(frame);
    return true;
  } catch (error) {
    observer.problem(new FrameBusError('subscriber-failed', 'onFrame threw', { cause: error }));
    return false;
  }
}

/** Reports a gap. @returns false when the subscriber threw */
export function giveGap(
  subscriber: FrameSubscriber,
  expected: FramePosition,
  next: FramePosition,
  observer: FrameBusObserver,
): boolean {
  try {
    subscriber.onGap(expected, { epoch: next.epoch, sequence: next.sequence });
    return true;
  } catch (error) {
    observer.problem(new FrameBusError('subscriber-failed', 'onGap threw', { cause: error }));
    return false;
  }
}
