// Tells the control plane of a stream's sessions: when viewers can watch, and when it is over.
import type { ControlPlane, SessionMedia, SessionTrack } from '@millrace/control';
import type { PublishClaim } from '@millrace/domain';
import type { PlaylistState, RenditionDescription, StreamDescription } from '@millrace/live-store';
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
  #description: StreamDescription | undefined;

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
    this.#description = playlist.description;
    if (sessionId !== this.#sessionId) {
      this.#sessionId = sessionId;
      this.#firstMediaSequence = playlist.segments[0]?.mediaSequence ?? playlist.head.mediaSequence;
      const { tenantId, streamId, sessionStartedAtMs } = claim;
      const activeAtMs = this.#clock.wallMs();
      this.#control.sessionActive({ tenantId, streamId, sessionId, activeAtMs, media: mediaOf(playlist.description) });
      this.#observer.sessionActive(sessionId, activeAtMs - sessionStartedAtMs);
    }
  }

  ended(sessionId: string, claim: PublishClaim): void {
    const isKnown = sessionId === this.#sessionId;
    const segments = isKnown ? this.#nextMediaSequence - this.#firstMediaSequence : 0;
    const media = isKnown && this.#description !== undefined ? mediaOf(this.#description) : undefined;
    const { tenantId, streamId } = claim;
    this.#control.sessionEnded({ tenantId, streamId, sessionId, endedAtMs: this.#clock.wallMs(), segments, media });
    this.#observer.sessionEnded(sessionId, segments);
  }
}

const mediaOf = (description: StreamDescription): SessionMedia => {
  const { codecs, width, height, frameRate, averageBitsPerSecond, peakBitsPerSecond, renditions } = description;
  return {
    codecs,
    width,
    height,
    frameRate,
    averageBitsPerSecond,
    peakBitsPerSecond,
    ...(renditions && { tracks: renditions.map(trackOf) }),
  };
};

const trackOf = (rendition: RenditionDescription): SessionTrack => {
  const { kind, track, codec, width, height, frameRate, channels } = rendition;
  const { averageBitsPerSecond, peakBitsPerSecond, state } = rendition;
  return { kind, track, codec, width, height, frameRate, channels, averageBitsPerSecond, peakBitsPerSecond, state };
};
