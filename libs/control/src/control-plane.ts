// The typed client that edges, packagers and gateways hold; the transport behind it is NATS or this process.
import type {
  AuthorizePlayback,
  AuthorizePlaybackAnswer,
  AuthorizePublish,
  AuthorizePublishAnswer,
  ChallengeLogin,
  ChallengeLoginAnswer,
  CheckPlayback,
  CheckPlaybackAnswer,
  CutPublisher,
  EventsCommitted,
  PublishEnded,
  PublishRejected,
  PutTimedMetadata,
  SessionActive,
  SessionEnded,
  SessionWarned,
  StandbyChanged,
  StreamLive,
  SyncTargets,
  SyncTargetsAnswer,
  TargetsChanged,
  TimedMetadataPut,
} from './messages.ts';
import type { SourceChanged, SourceStateChanged, TakeSources, TakeSourcesAnswer } from './sources/source-messages.ts';

export interface ControlPlane {
  /**
   * Asks a gateway whether a key may publish. Tries again within `timeoutMs`, also where a gateway cannot decide now; then the answer is
   * `unavailable`.
   */
  authorizePublish(request: AuthorizePublish, timeoutMs: number): Promise<AuthorizePublishAnswer>;
  /** Asks a gateway for a challenge. Tries again within `timeoutMs`; then there is none. */
  challengeLogin(request: ChallengeLogin, timeoutMs: number): Promise<ChallengeLoginAnswer | undefined>;
  /** Asks a gateway whether a viewer may watch. Tries again within `timeoutMs`; without an answer it is refused. */
  authorizePlayback(request: AuthorizePlayback, timeoutMs: number): Promise<AuthorizePlaybackAnswer>;
  /** Asks a gateway whether viewers may go on. Undefined when none has answered within `timeoutMs`: nothing is known then. */
  checkPlayback(request: CheckPlayback, timeoutMs: number): Promise<CheckPlaybackAnswer | undefined>;
  /** Asks a gateway for sources to pull. Undefined when none has answered within `timeoutMs`. */
  takeSources(request: TakeSources, timeoutMs: number): Promise<TakeSourcesAnswer | undefined>;
  /** Tells gateways what has become of a source that this edge pulls. */
  sourceStateChanged(event: SourceStateChanged): void;
  sourceChanged(event: SourceChanged): void;
  /** Tells a gateway how simulcast targets do, and asks which there are. Undefined when none has answered within `timeoutMs`. */
  syncTargets(request: SyncTargets, timeoutMs: number): Promise<SyncTargetsAnswer | undefined>;
  /** Once a minute for each stream and reason: encoders that are refused try again every few seconds. */
  publishRejected(event: PublishRejected): void;
  publishEnded(event: PublishEnded): void;
  standbyChanged(event: StandbyChanged): void;
  sessionActive(event: SessionActive): void;
  sessionEnded(event: SessionEnded): void;
  sessionWarned(event: SessionWarned): void;
  cutPublisher(event: CutPublisher): void;
  putTimedMetadata(event: PutTimedMetadata): void;
  timedMetadataPut(event: TimedMetadataPut): void;
  targetsChanged(event: TargetsChanged): void;
  streamLive(event: StreamLive): void;
  eventsCommitted(event: EventsCommitted): void;
}

/** The injection token of the typed client. */
export const CONTROL_PLANE = Symbol('ControlPlane');
