// Tells the control plane of a stream's sessions: when viewers can watch, and when it is over.
import type { ControlPlane } from '@millrace/control';
import type { PublishClaim } from '@millrace/domain';
import type { PlaylistState } from '@millrace/live-store';
import type { Clock } from './clock.ts';
import type { PackagingObserver } from './packaging-observer.ts';

export class SessionEvents {
  readonly #control: Pick<ControlPlane, 'sessionActive' | 'sessionEnded'>;
  readonly #observer: PackagingObserver;
  readonly #clock: Clock;
  #sessionId: string | undefined;
  /** Of the first segment of the session that is known: those before it had left the list when this packager took over. */
  #firstMediaSequence = 0;
  #nextMediaSequence = 0;

  constructor(
    control: Pick<ControlPlane, 'sessionActive' | 'sessionEnded'>,
    observer: PackagingObserver,
    clock: Clock,
  ) {
    this.#control = control;
    this.#observer = observer;
    this.#clock = clock;
  }

  /**
   * A commit came through. The session is announced with the first one that this packager makes: again after a takeover, as
   * the one before may have died before it did.
   */
  committed(playlist: PlaylistState, claim: PublishClaim): void {
    const { sessionId } = playlist;
    this.#nextMediaSequence = playlist.head.mediaSequence;
    if (sessionId !== this.#sessionId) {
      this.#sessionId = sessionId;
      this.#firstMediaSequence = playlist.segments[0]?.mediaSequence ?? playlist.head.mediaSequence;
      const { tenantId, streamId, sessionStartedAtMs } = claim;
      const activeAtMs = this.#clock.wallMs();
      this.#control.sessionActive({ tenantId, streamId, sessionId, activeAtMs });
      this.#observer.sessionActive(sessionId, activeAtMs - sessionStartedAtMs);
    }
  }

  ended(sessionId: string, claim: PublishClaim): void {
    const segments = sessionId === this.#sessionId ? this.#nextMediaSequence - this.#firstMediaSequence : 0;
    const { tenantId, streamId } = claim;
    this.#control.sessionEnded({ tenantId, streamId, sessionId, endedAtMs: this.#clock.wallMs(), segments });
    this.#observer.sessionEnded(sessionId, segments);
  }
}
