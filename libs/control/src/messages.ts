// What services say to each other. Requests are answered by one gateway of many; events reach everyone who listens.
import type { PublishClaim, PublishRefusal, SessionWarning } from '@millrace/domain';

/**
 * The subject of every message. Requests are shared by a queue group, events are heard by all. What edges, packagers and signaling
 * servers tell gateways is handed over (`handOver`): its subject says what kind of event it is, and services of older releases send it
 * by itself.
 */
export const ControlSubject = {
  /** Request, edge → gateway: may this key publish? */
  authorizePublish: 'millrace.ctl.publish.authorize',
  /** Request, edge → gateway: a challenge for an encoder that has a user and a password. */
  challengeLogin: 'millrace.ctl.publish.challenge',
  /** Request, edge → gateway: may this viewer watch? */
  authorizePlayback: 'millrace.ctl.playback.authorize',
  /** Request, edge → gateway: may these viewers go on watching? */
  checkPlayback: 'millrace.ctl.playback.check',
  /** Request, service without a database → gateway: write these events; answered with those that are written. */
  handOver: 'millrace.ctl.events.hand_over',
  /** Event, gateway → gateways: events were committed; those who follow them may read them now. */
  eventsCommitted: 'millrace.ctl.events.committed',
  /** Event, edge → gateway: a publisher is gone. */
  publishEnded: 'millrace.ctl.publish.ended',
  /** Event, packager → gateway: a session is over for good. */
  sessionEnded: 'millrace.ctl.session.ended',
  /** Event, packager → gateway: the first segment of a session is listed: viewers can watch. */
  sessionActive: 'millrace.ctl.session.active',
  /** Event, edge → gateway: something is wrong with what a session is sent. */
  sessionWarned: 'millrace.ctl.session.warned',
  /** Event, gateway → edges: cut the publishers that match, within a second. */
  cutPublisher: 'millrace.ctl.publisher.cut',
  /** Event, gateway → edges: put timed metadata into a stream. The edge that its publisher is connected to does, and says so. */
  putTimedMetadata: 'millrace.ctl.publisher.metadata.put',
  /** Event, edge → gateways: what became of timed metadata. */
  timedMetadataPut: 'millrace.ctl.publisher.metadata.done',
  /** Request, edge → gateway: how the simulcast targets of streams that are published here do; answered with what they are to be. */
  syncTargets: 'millrace.ctl.targets.sync',
  /** Event, gateway → edges: the simulcast targets of a stream have changed. */
  targetsChanged: 'millrace.ctl.targets.changed',
  /** Event, gateway → packagers: a stream went live; look for work now rather than at the next round. */
  streamLive: 'millrace.ctl.stream.live',
} as const;

/** What edges hand over, beyond what has a subject of its own. */
export const PublishEvent = {
  rejected: 'publish.rejected',
  standby: 'publish.standby',
} as const;

/** Who wants to log in. */
export interface ChallengeLogin {
  readonly user: string;
  readonly clientAddress: string;
}

export interface ChallengeLoginAnswer {
  readonly salt: string;
  readonly opaque: string;
}

/** What a digest of RFC 7616 is made of, beside the password and the challenge, which is its `nonce`. */
export interface HttpDigest {
  readonly algorithm: 'SHA-256' | 'MD5';
  readonly username: string;
  readonly realm: string;
  readonly method: string;
  readonly uri: string;
  readonly counted?: { readonly nc: string; readonly cnonce: string } | undefined;
}

/** How an encoder proves that it has a stream key without showing it: `authmod=adobe`, or Digest where `digest` is given. */
export interface PublishLogin {
  /** The id of the key, as the encoder gave it. */
  readonly user: string;
  /** Of the challenge that it answers. */
  readonly opaque: string;
  /** What the encoder chose for the digest, and the digest, in base 64. */
  readonly clientChallenge: string;
  readonly response: string;
  /** Made by the edge for this publish, so that asking again is not taken for a second use of the challenge. */
  readonly attempt: string;
  /** `response` is hexadecimal then, and `clientChallenge` empty. Gateways of older releases refuse it. */
  readonly digest?: HttpDigest | undefined;
}

/** How an encoder proves that it has the passphrase of a stream key: keys of SRT, wrapped with a key that is derived from it. */
export interface PublishPassphrase {
  /** The id of the key, as the encoder gave it. */
  readonly user: string;
  /** As they came, in base 64. */
  readonly salt: string;
  readonly wrapped: string;
  readonly keyBytes: number;
  /** Made by the edge for this publish, so that asking again is not taken for a second use of the keys. Edges of older releases have none. */
  readonly attempt?: string | undefined;
}

export interface AuthorizePublish {
  /** The stream key as the encoder gave it, out of the address; empty where there is a login or a passphrase. */
  readonly key: string;
  readonly login?: PublishLogin | undefined;
  readonly passphrase?: PublishPassphrase | undefined;
  readonly app: string;
  readonly edgeId: string;
  /** How the encoder speaks to the edge, such as `rtmps`: each edge names its own. */
  readonly protocol: string;
  readonly clientAddress: string;
  /** What the encoder calls itself, cut to a bounded length. */
  readonly encoder: string;
  /** The publish's span, for the services that handle the stream; only where the edge traces. */
  readonly traceparent?: string | undefined;
  /** The edge hands over that it was refused; for edges of older releases, which leave it out, the gateway writes the event. */
  readonly reportsRefusal?: boolean | undefined;
  /** The encoder is the backup of the stream: it waits until the stream needs it. */
  readonly role?: 'backup' | undefined;
  /** The edge can keep an encoder that waits; those of older releases leave it out. */
  readonly mayWait?: boolean | undefined;
}

export type AuthorizePublishAnswer =
  | {
      readonly granted: true;
      readonly claim: PublishClaim;
      readonly resumed: boolean;
      /** What unwraps the keys of an encoder with a passphrase, in base 64: derived for the salt that it sent. */
      readonly keyEncryptionKey?: string | undefined;
    }
  | {
      readonly granted: false;
      readonly refusal: PublishRefusal;
      /** For an edge that reports the refusal: the key that was refused, if there is such a key. */
      readonly key?: RefusedKey | undefined;
    };

export type RefusedKey = Pick<PublishClaim, 'tenantId' | 'streamId' | 'streamKeyId'>;

/** An encoder with a key of this stream was refused. */
export interface PublishRejected extends RefusedKey {
  readonly refusal: PublishRefusal;
  readonly protocol: string;
  readonly encoder: string;
}

/** A viewer as an edge sees it. All text is the viewer's own, cut to a bounded length. */
export interface PlaybackVisit {
  readonly playbackId: string;
  readonly clientAddress: string;
  /** What the player calls itself. */
  readonly player: string;
  /** The origin of the page that plays it, where the player says. */
  readonly origin?: string | undefined;
}

/** How a player proves that it has a short token, without showing it. */
export interface PlaybackLogin {
  /** Of the challenge that it answers. */
  readonly opaque: string;
  /** Hexadecimal. */
  readonly response: string;
  /** Made by the edge for this visit, so that asking again is not taken for a second use of the challenge. */
  readonly attempt: string;
  /** The user name is the beginning of the short token. */
  readonly digest: HttpDigest;
}

export interface AuthorizePlayback extends PlaybackVisit {
  /** The playback token, as the viewer gave it. */
  readonly token?: string | undefined;
  /** Instead of a token. Gateways of older releases take it for neither. */
  readonly login?: PlaybackLogin | undefined;
  readonly edgeId: string;
  readonly protocol: string;
}

export type AuthorizePlaybackAnswer =
  | {
      readonly granted: true;
      readonly tenantId: string;
      readonly streamId: string;
      /** What the token was exchanged for, to be shown by `checkPlayback`; absent where the playback id is public. */
      readonly ticket?: string | undefined;
      /** Names the viewer that was let in by a token. */
      readonly tokenId?: string | undefined;
      /** What a quota counts the viewer by; absent where nothing is limited. */
      readonly name?: string | undefined;
      /** The ids of the groups with a quota that it counts in. */
      readonly groups: readonly string[];
    }
  | {
      readonly granted: false;
      /** A problem code of the API. */
      readonly refusal: string;
      readonly detail: string;
      /** Of a stream that may be watched and is not live. */
      readonly offlineStreamId?: string | undefined;
    };

export interface CheckedVisit extends PlaybackVisit {
  readonly ticket?: string | undefined;
}

export interface CheckPlayback {
  readonly visits: readonly CheckedVisit[];
}

/** For each visit, in order. */
export interface CheckPlaybackAnswer {
  readonly visits: readonly {
    /** A problem code of the API: the viewer may not go on. What cannot be told now is no refusal. */
    readonly refusal?: string | undefined;
    /** As in the answer that let it in. */
    readonly groups: readonly string[];
  }[];
}

/** What became of an encoder that waits, or has waited. */
export interface StandbyChanged {
  /** Of the encoder; once it is promoted, the claim that it publishes with. */
  readonly claim: PublishClaim;
  readonly change: 'waiting' | 'promoted' | 'left';
  /** Why it was promoted, or left. */
  readonly reason: string;
  readonly protocol: string;
  readonly encoder: string;
  readonly clientAddress: string;
  readonly atMs: number;
}

export interface PublishEnded {
  readonly claim: PublishClaim;
  readonly reason: string;
  /** Replaces the reason's own sentence. */
  readonly detail?: string | undefined;
  readonly bytes: number;
  readonly videoFrames: number;
  readonly audioFrames: number;
  /** All that was warned of: a gateway may have missed an event. Edges of older releases leave it out. */
  readonly warnings?: readonly SessionWarning[] | undefined;
}

/** What viewers receive of a session. */
export interface SessionMedia {
  /** RFC 6381. */
  readonly codecs: readonly string[];
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly frameRate?: number | undefined;
  readonly averageBitsPerSecond: number;
  readonly peakBitsPerSecond: number;
  /** Each rendition by itself; undefined where the session has none, and from packagers of older releases. */
  readonly tracks?: readonly SessionTrack[] | undefined;
}

/** A track of the encoder, as a rendition. */
export interface SessionTrack {
  readonly kind: 'video' | 'audio';
  /** Its number among those of its kind: 0 is the first one. */
  readonly track: number;
  /** RFC 6381. */
  readonly codec: string;
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly frameRate?: number | undefined;
  readonly channels?: number | undefined;
  readonly averageBitsPerSecond: number;
  readonly peakBitsPerSecond: number;
  /** Whether players may choose it, and why not. */
  readonly state: 'listed' | 'unaligned' | 'stopped';
}

export interface SessionEnded {
  readonly tenantId: string;
  readonly streamId: string;
  readonly sessionId: string;
  readonly endedAtMs: number;
  readonly segments: number;
  /** Packagers of older releases leave it out, and those that made no segment of the session. */
  readonly media?: SessionMedia | undefined;
}

export interface SessionActive {
  readonly tenantId: string;
  readonly streamId: string;
  readonly sessionId: string;
  readonly activeAtMs: number;
  /** As the first segments tell it. Packagers of older releases leave it out. */
  readonly media?: SessionMedia | undefined;
}

export interface SessionWarned {
  readonly tenantId: string;
  readonly streamId: string;
  readonly sessionId: string;
  readonly warning: SessionWarning;
  /** Edges of older releases leave it out: they report the beginning of each warning, once for each session. */
  readonly change?: SessionHealthChange | undefined;
}

/** That a warning begins or is over. */
export interface SessionHealthChange {
  readonly epoch: number;
  /** Counted by the publisher of this epoch. */
  readonly number: number;
  readonly state: 'degraded' | 'recovered';
  readonly atMs: number;
}

export interface CutPublisher {
  readonly streamId: string;
  /** Cut only a publisher with this key; undefined: any publisher of the stream. */
  readonly streamKeyId: string | undefined;
  readonly reason: PublishRefusal;
  /** Cut only epochs before this one: set when a newer publisher has taken over. */
  readonly beforeEpoch: number | undefined;
}

/** May come more than once for the same id: it is put in once. */
export interface PutTimedMetadata {
  /** Chosen by the gateway. */
  readonly id: string;
  readonly streamId: string;
  /** Of the publisher that is meant. */
  readonly epoch: number;
  /** A data message as frames carry it (`FrameKind.data`), in base 64. */
  readonly payload: string;
}

export interface TimedMetadataPut {
  readonly id: string;
  /**
   * - `written`: the frame log has it.
   * - `starting`: the publisher has sent nothing yet that a viewer could begin with.
   * - `stream_rate`, `tenant_rate`: the stream, or its tenant on this edge, has used up its rate.
   * - `unavailable`: the frame log did not confirm it in time. It may be written all the same, and is if it is asked for again.
   */
  readonly outcome: 'written' | 'starting' | 'stream_rate' | 'tenant_rate' | 'unavailable';
}

/** Only wakes those who wait: it may be lost, or come for nothing. */
export interface EventsCommitted {
  /** Whose events; none is said when they are too many. */
  readonly tenantIds: readonly string[];
  /** Which gateway has committed them. */
  readonly gatewayId: string;
}

export interface StreamLive {
  readonly streamId: string;
}

/**
 * How a simulcast target does at the edge that its stream is published to.
 *
 * - `connecting`: it is connected to, and nothing is sent yet.
 * - `connected`: it accepts the stream.
 * - `waiting`: the last attempt failed; another one follows after a pause.
 * - `error`: likewise, and it will fail until something is changed; attempts are rare.
 */
export const TARGET_STATES = ['connecting', 'connected', 'waiting', 'error'] as const;
export type TargetState = (typeof TARGET_STATES)[number];

export interface TargetReport {
  readonly targetId: string;
  readonly state: TargetState;
  /** What it was sent since the publisher of this epoch began. */
  readonly bytes: number;
  /** Since when it accepts the stream. */
  readonly connectedAtMs?: number | undefined;
  readonly fault?: TargetFault | undefined;
}

/** Why a target is not sent the stream, or was not the last time. */
export interface TargetFault {
  readonly code: string;
  readonly message: string;
  readonly atMs: number;
  /** When the first of the failures in a row was: what tells one outage from the next. */
  readonly sinceMs: number;
}

export interface SyncedStream {
  readonly streamId: string;
  readonly epoch: number;
  /** The publisher is gone: these are the last reports of this epoch. */
  readonly isOver: boolean;
  readonly targets: readonly TargetReport[];
}

export interface SyncTargets {
  readonly edgeId: string;
  readonly streams: readonly SyncedStream[];
}

/** Who publishes at another server: by RTSP a user name and a password, by SRT a passphrase. */
export interface TargetLogin {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly passphrase?: string | undefined;
}

/** A target that is to be sent the stream. */
export interface SimulcastTarget {
  readonly targetId: string;
  /** Without the stream key. */
  readonly url: string;
  readonly streamKey: string;
  /** Beside the stream key, where the server asks for it. */
  readonly login?: TargetLogin | undefined;
  /** Another address or key has another one: what is connected to with the one before is connected to again. */
  readonly version: string;
}

export interface SyncTargetsAnswer {
  /** For each stream, in order; null where its targets cannot be told now. */
  readonly streams: readonly (readonly SimulcastTarget[] | null)[];
}

export interface TargetsChanged {
  readonly streamId: string;
}
