// The port over which signaling pods wake each other: what waits for a participant is passed on to the pod that has its socket.
import type { LeaveReason } from '@millrace/domain';

/** To one participant: which number it has in the mailbox, and which of the note's news it is. */
export interface NotedDelivery {
  readonly participantId: string;
  readonly sequence: number;
  readonly news: number;
}

export type RoomNote =
  | { readonly kind: 'news'; readonly news: readonly string[]; readonly deliveries: readonly NotedDelivery[] }
  /** This participant is out, or (`moved`) has resumed elsewhere with a newer term. */
  | {
      readonly kind: 'out';
      readonly participantId: string;
      readonly reason: LeaveReason | 'moved';
      readonly term: number | undefined;
    };

/**
 * Notes may be lost, and may come in another order than they were sent: mailboxes say what is missing. They are never seen by
 * any pod but the one they are for.
 */
export interface RoomBus {
  /** Sends a note and forgets it. Never throws. */
  tell(podId: string, note: RoomNote): void;
  /** Hears notes for this pod. @returns stops it */
  listen(podId: string, onNote: (note: RoomNote) => void): Promise<() => void>;
  isReady(): boolean;
  close(): Promise<void>;
}

/** Injection token of the room bus. */
export const ROOM_BUS = Symbol('RoomBus');

export interface RoomBusObserver {
  /** A note could not be sent, or one that came is none. Must not throw. */
  failed?(error: unknown): void;
}
