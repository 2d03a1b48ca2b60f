// The port that keeps what live streams need to be shared: claims, leases, segments, playlists, small cached records.
import type {
  EncoderRole,
  ListedBreak,
  PackagerAnnouncement,
  PublishClaim,
  ResumePoint,
  SpliceSignal,
  StreamSettings,
} from '@millrace/domain';
import type { CommittedFile } from './commit-rules.ts';
import type { HealthSample, SessionSample } from './health-series.ts';
import type { IngestReport } from './ingest-report.ts';
import type { SegmentPool } from './segment-pool.ts';
import type { HeldSource, SourceLease, SourceReport } from './source-leases.ts';
import type { ViewerGroup, ViewerNotes } from './viewer-notes.ts';

/** A lease on one stream's packaging. Only the newest token may commit. */
export interface Lease {
  readonly streamId: string;
  readonly owner: string;
  /** Only grows, over every owner and over a store that lost everything: max(previous + 1, milliseconds since 1970). */
  readonly token: number;
}

/** A request to publish, already authorised. */
export interface ClaimRequest {
  readonly tenantId: string;
  readonly streamId: string;
  readonly streamKeyId: string;
  readonly edgeId: string;
  /** Taken when no session of this stream is open for a return. */
  readonly newSessionId: string;
  readonly settings: StreamSettings;
  /** How many streams the tenant may have live at once. */
  readonly maxLiveStreams: number;
  /** Of the backup encoder, which waits until the stream needs it. */
  readonly role?: 'backup' | undefined;
  /** Whether the edge can keep an encoder that waits; those of older releases cannot. */
  readonly mayWait?: boolean | undefined;
  /** Of the publish's span: the claim carries it. */
  readonly traceparent?: string | undefined;
}

/** The quota that a claim carries: that of an encoder that may have to wait, which may begin a session when no gateway is asked. */
export const carriedQuota = ({ role, mayWait, maxLiveStreams }: ClaimRequest): number | undefined =>
  role === 'backup' || mayWait === true ? maxLiveStreams : undefined;

export type ClaimOutcome =
  /** `resumed`: the session was open and goes on. `replaced`: another publisher was cut off by this claim. */
  | { readonly outcome: 'claimed'; readonly claim: PublishClaim; readonly resumed: boolean; readonly replaced: boolean }
  /** It waits, with a claim that says so. */
  | { readonly outcome: 'standby'; readonly claim: PublishClaim }
  | { readonly outcome: 'already_publishing' }
  /** Another encoder waits already. */
  | { readonly outcome: 'backup_waiting' }
  | { readonly outcome: 'quota' }
  /** The key was revoked (`revokeClaims`) while this claim was on its way. */
  | { readonly outcome: 'key_revoked' };

/** Why a claim is no longer ours: what the edge tells the encoder that it cuts. */
export type ClaimLoss = 'taken_over' | 'key_revoked' | 'ended';

/** What became of a claim at its renewal. `standby`: the encoder that waited publishes instead, and this one waits. */
export type RenewalLoss = ClaimLoss | 'standby';

/** Which encoder waits, for people. */
export interface EncoderDetails {
  readonly protocol: string;
  readonly encoder: string;
  readonly clientAddress: string;
}

/** What its edge says of an encoder that waits. */
export interface StandbyReport {
  readonly claim: PublishClaim;
  /** How long ago its last frame came; before the first one, how long it has been connected. */
  readonly silentMs: number;
  /** Whether it sends frames that viewers could go on with. */
  readonly isReady: boolean;
  readonly details: EncoderDetails;
  /** Taken when it is promoted and no session of this stream is open. */
  readonly newSessionId: string;
}

/** Why the encoder that waited publishes now: the other one stopped, was removed, or had to make way. */
export type PromotionCause = 'stopped' | 'removed' | 'requested';

export type StandbyOutcome =
  | { readonly outcome: 'waiting' }
  /** It publishes from now on, under a new epoch of the session. */
  | { readonly outcome: 'promoted'; readonly claim: PublishClaim; readonly cause: PromotionCause }
  | { readonly outcome: 'lost'; readonly loss: ClaimLoss };

/** The encoder that waits. */
export interface Standby {
  readonly role: EncoderRole;
  readonly streamKeyId: string;
  readonly edgeId: string;
  /** By the reader's own clock. */
  readonly sinceMs: number;
  readonly isReady: boolean;
  /** Undefined until its edge has reported it for the first time. */
  readonly details: EncoderDetails | undefined;
}

/** A stream that has an open session, as packagers look for work. */
export interface LiveStream {
  readonly claim: PublishClaim;
  /** Whether a publisher is connected; when not, since when (milliseconds since 1970, by the reader's own clock). */
  readonly disconnectedAtMs: number | undefined;
  /** The present holder of the lease, if there is one. */
  readonly leaseOwner: string | undefined;
  /** The encoder that waits, if there is one. The list says so only where no publisher is connected. */
  readonly standby?: Standby | undefined;
}

/** One line of the playlist: facts about a committed segment. */
export interface SegmentEntry {
  readonly mediaSequence: number;
  /** The last part of its URI: made by the packager, only `[a-z0-9.-]`. */
  readonly name: string;
  readonly durationMs: number;
  readonly bytes: number;
  /** Bytes of its media, where its renditions hold tracks that it lacks; undefined: `bytes`. */
  readonly mediaBytes?: number;
  /** It holds nothing that players could play (EXT-X-GAP): all its media is in renditions. */
  readonly gap?: boolean;
  readonly discontinuity: boolean;
  readonly discontinuitySequence: number;
  /** Whether it starts with a keyframe. */
  readonly independent: boolean;
  readonly programDateTimeMs: number;
  /** What HTTP calls its bytes; undefined in entries of the release before. */
  readonly contentType?: string;
  /** What players need before its bytes (EXT-X-MAP); undefined where its container has no such thing. */
  readonly map?: InitialisationMap;
  /** Its key, by the media sequence of the first segment that has it; undefined: it is not encrypted. */
  readonly keySequence?: number;
}

/** The initialisation section of segments, itself a file that players fetch. */
export interface InitialisationMap {
  /** As that of a segment. Two with the same name have the same bytes. */
  readonly name: string;
  readonly contentType: string;
}

/** Bytes that players fetch: of a segment, or of an initialisation map. */
export interface StoredSegment {
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

/** Kinds of renditions, and the names of those of first tracks. */
export const RENDITIONS = ['video', 'audio'] as const;
export type RenditionKind = (typeof RENDITIONS)[number];
/** What a stream has one playlist each of: `video` and `audio` are the first tracks, `video2` is the further track with number 2. */
export type RenditionName = RenditionKind | `${RenditionKind}${number}`;
/** Something of each rendition. `renditionNames` and `renditionValues` have an order. */
export type OfRenditions<T> = { readonly [Name in RenditionName]?: T };

/** A part of a segment of a rendition. */
export interface PartEntry {
  /** As that of a segment. */
  readonly name: string;
  /** How long it lasts, in ticks of 90 kHz. */
  readonly ticks: number;
  /** Whether decoding can start with it. */
  readonly independent: boolean;
}

/** What there is of a rendition in one segment. */
export interface RenditionEntry {
  readonly map: InitialisationMap;
  readonly programDateTimeMs: number;
  /** When its first sample is presented, by the time in its files; undefined in entries of the release before. */
  readonly start90k?: number | undefined;
  /** In their order. Empty once they are not listed any more. */
  readonly parts: readonly PartEntry[];
}

/** A rendition of a segment that is whole. */
export interface WholeRenditionEntry extends RenditionEntry {
  readonly name: string;
  readonly ticks: number;
  /** Of its bytes; undefined in entries of the release before, as are the next two. */
  readonly bytes?: number;
  /** Whether decoding can start with it. */
  readonly independent?: boolean;
  /** Of a further track of pictures: whether it begins where the first one does. */
  readonly aligned?: boolean;
}

/** What players are told of a rendition before they load it. */
export interface RenditionFacts {
  /** RFC 6381. */
  readonly codec: string;
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly frameRate?: number | undefined;
  /** SDR, HLG or PQ; undefined where the pictures do not say. */
  readonly videoRange?: string | undefined;
  readonly channels?: number | undefined;
}

/**
 * - `listed`: players may choose it.
 * - `unaligned`: pictures whose keyframes do not meet those of the first track: nothing can be switched to it, it can only be played alone.
 * - `stopped`: nothing came of it lately.
 */
export type RenditionState = 'listed' | 'unaligned' | 'stopped';

/** A rendition as players may know of it. */
export interface RenditionDescription extends RenditionFacts {
  readonly name: RenditionName;
  readonly kind: RenditionKind;
  /** 0 is the first one of its kind. */
  readonly track: number;
  readonly peakBitsPerSecond: number;
  readonly averageBitsPerSecond: number;
  readonly state: RenditionState;
  /** What the tenant calls it, and its language (BCP 47): of sound only. */
  readonly label?: string | undefined;
  readonly language?: string | undefined;
}

/**
 * Segments whose times go on, with the same renditions and initialisation maps: what MPEG-DASH calls a Period. All of its segments say the
 * same of it, those as well that are listed when the first one is not any more.
 */
export interface MediaPeriod {
  /** Wall-clock time that belongs to time 0 of its files, in milliseconds since 1970. */
  readonly zeroMs: number;
  /** Where it begins, by the time in its files: a whole number of milliseconds. */
  readonly start90k: number;
}

/** A segment of renditions: one that it lacks has no media at that time. */
export interface LowLatencyEntry {
  readonly mediaSequence: number;
  readonly durationMs: number;
  readonly discontinuity: boolean;
  readonly discontinuitySequence: number;
  readonly independent: boolean;
  readonly renditions: OfRenditions<WholeRenditionEntry>;
  /** Undefined in entries of the release before. */
  readonly period?: MediaPeriod;
}

/** The list behind the playlists of renditions. */
export interface LowLatencyWindow {
  /** 0: without parts. */
  readonly partDurationMs: number;
  /** What the renditions are, as of the newest segment that each has media in; undefined in lists of the release before. */
  readonly facts?: OfRenditions<RenditionFacts>;
  readonly entries: readonly LowLatencyEntry[];
  /** As those of the playlist beside it. */
  readonly breaks?: readonly ListedBreak[];
  /** What is committed of the segment that is not whole yet. */
  readonly open: {
    readonly discontinuity: boolean;
    /** What came with its parts. */
    readonly signals?: readonly SpliceSignal[];
    readonly renditions: OfRenditions<RenditionEntry>;
  };
}

/** A media playlist of a rendition, and how far it reaches. */
export interface RenditionPlaylist {
  readonly text: string;
  /** The number of the first segment that is not whole. */
  readonly nextMediaSequence: number;
  /** How many parts of that segment there are. */
  readonly parts: number;
}

export type RenditionPlaylists = OfRenditions<RenditionPlaylist>;

/** What a stream with renditions has besides. */
export interface LowLatencyState {
  /** Grows by one with each commit of segments or parts. */
  readonly step: number;
  readonly window: LowLatencyWindow;
  readonly playlists: RenditionPlaylists;
}

/** What players need to know of a stream beyond its segments. */
export interface PlaylistState {
  readonly streamId: string;
  readonly sessionId: string;
  /**
   * The media playlist, ready to serve; segment URIs are relative names. Empty, as are `segments` and `resumePoints`, once
   * the retention of an ended stream is over: only the numbers are kept then.
   */
  readonly text: string;
  readonly segments: readonly SegmentEntry[];
  readonly ended: boolean;
  /** Before the next segment. */
  readonly head: ResumePoint;
  /** Before each listed segment, in the order of `segments`. */
  readonly resumePoints: readonly ResumePoint[];
  /** RFC 6381 codecs, size, frame rate and peak bitrate, for the multivariant playlist. */
  readonly description: StreamDescription;
  /** Breaks for advertising, the oldest first; undefined where there are none. */
  readonly breaks?: readonly ListedBreak[];
  readonly updatedAtMs: number;
  /** Of a stream with renditions: with low latency, or with a codec that has no place in its segments. */
  readonly lowLatency?: LowLatencyState | undefined;
}

/** What serving a media playlist needs, without the rest: what the hot path reads. */
export interface PlaylistText {
  readonly text: string;
  readonly ended: boolean;
  /** Of the next segment: grows with every one. */
  readonly headMediaSequence: number;
  readonly updatedAtMs: number;
  /** Of a stream that has them. */
  readonly renditions?: RenditionPlaylists | undefined;
}

/** Captions inside pictures: CEA-608 or CEA-708 in SEI. */
export type CaptionKind = 'cea608' | 'cea708';

export interface StreamDescription {
  readonly codecs: readonly string[];
  /** Those in the segments of the stream itself, where renditions hold more; undefined: all of them. */
  readonly segmentCodecs?: readonly string[];
  readonly width: number | undefined;
  readonly height: number | undefined;
  readonly frameRate: number | undefined;
  /** VIDEO-RANGE: `SDR`, `HLG` or `PQ`; undefined where the pictures do not say, as in descriptions of older releases. */
  readonly videoRange?: string | undefined;
  /** What captions its pictures carry; undefined is none, as in descriptions of older releases. */
  readonly captions?: readonly CaptionKind[];
  readonly peakBitsPerSecond: number;
  readonly averageBitsPerSecond: number;
  /** What there is in CMAF, in the order of `renditionNames`; undefined where there is nothing, and from packagers of the release before. */
  readonly renditions?: readonly RenditionDescription[] | undefined;
}

export interface SegmentCommit {
  readonly lease: Lease;
  /**
   * New segments with their bytes: one in normal running, the whole window when it is rebuilt. The store may keep the very
   * array: it must not be changed after the commit, and not be read after its answer where its memory is from `segmentPool`. One that
   * the playlist does not list is kept for `retentionMs`.
   */
  readonly segments: readonly { readonly entry: SegmentEntry; readonly bytes: Uint8Array }[];
  /** The initialisation maps of these segments, each once: also those that the store has, which keeps them as long as their segments. */
  readonly maps?: readonly { readonly map: InitialisationMap; readonly bytes: Uint8Array }[];
  /** Files of renditions: segments and parts that the store does not have yet. */
  readonly files?: readonly CommittedFile[];
  /** The playlist after this commit. */
  readonly playlist: PlaylistState;
  /**
   * The `head.mediaSequence` that the store must hold for this commit to follow on; undefined when the window is rebuilt and
   * whatever the store holds, unless its head is higher, is replaced. Never above `playlist.head.mediaSequence`.
   */
  readonly expectedMediaSequence: number | undefined;
  /**
   * How long a segment that leaves the list stays readable, and the whole list after its end, in milliseconds. A store that knows that no
   * reader has had a playlist with the segment need not keep it.
   */
  readonly retentionMs: number;
}

/** Parts of the segment that is not whole yet: playlist, head and resume points stay as they are. */
export interface PartCommit {
  readonly lease: Lease;
  /** The parts, and the initialisation maps that they need. */
  readonly files: readonly CommittedFile[];
  /** The `head.mediaSequence` that the store must hold. */
  readonly expectedMediaSequence: number;
  /** After this commit. The store must hold the step before. */
  readonly lowLatency: LowLatencyState;
  /** How long they stay readable once they have left the list, in milliseconds. */
  readonly retentionMs: number;
  readonly updatedAtMs: number;
}

export type CommitOutcome =
  /** Also the answer to the same commit sent again under the same lease: its first answer may have been lost. */
  | { readonly outcome: 'committed' }
  /** The lease's token is not the current one: another packager has this stream. Nothing was written. */
  | { readonly outcome: 'stale_lease' }
  /** The store's playlist is not where the commit expects it (undefined: it has none). Nothing was written. */
  | { readonly outcome: 'out_of_step'; readonly storeMediaSequence: number | undefined };

export interface StoreMemory {
  /** What the store holds, with all that it needs for that. */
  readonly usedBytes: number;
  /** At this it refuses commits; 0 when it has no limit. */
  readonly limitBytes: number;
}

/** Every call answers within a deadline, or rejects with a `LiveStoreError`; then it may have been done or not. */
export interface LiveStore {
  // Publishing ------------------------------------------------------------------------------------------------------------
  /** Takes the right to publish, in one atomic step. A claim lives `claimTtlMs` without being renewed. */
  claimPublish(request: ClaimRequest): Promise<ClaimOutcome>;
  /**
   * Renews claims; one that the store has lost is put back, unless a newer epoch has taken its place.
   * @param silentMs for each claim, how long ago the last frame of its publisher came; 0 where it is not given
   * @returns for each claim, in order, why it is lost, or undefined when it holds
   */
  renewClaims(claims: readonly PublishClaim[], silentMs?: readonly number[]): Promise<(RenewalLoss | undefined)[]>;
  /**
   * Renews the claims of encoders that wait, and promotes those whose stream needs them, each in one atomic step: the publisher has
   * sent nothing for `stoppedMs`, has been gone for as long, was removed, or has to make way. A publisher that is still connected waits
   * in turn. What is lost is put back. An answer that was lost is given again.
   * @returns for each, in order
   */
  renewStandbys(standbys: readonly StandbyReport[], stoppedMs: number): Promise<StandbyOutcome[]>;
  /** The encoder that waited is gone. */
  releaseStandby(claim: PublishClaim): Promise<void>;
  /**
   * Has the encoder that waits promoted with its next renewal.
   * @returns false when there is none that could go on
   */
  requestSwitch(streamId: string): Promise<boolean>;
  /** The publisher is gone; the session stays open for its reconnect window. Ignored when a newer epoch holds the claim. */
  releaseClaim(claim: PublishClaim): Promise<void>;
  /**
   * Cuts the publisher that uses this key now: its next renewal answers `key_revoked`. So does, for one claim TTL, a claim with
   * this key: one that was authorised just before must not slip through.
   */
  revokeClaims(streamId: string, streamKeyId: string): Promise<void>;
  /** The streams with an open session, published or waiting for their publisher's return. */
  listLiveStreams(): Promise<LiveStream[]>;
  /** One of them. */
  readLiveStream(streamId: string): Promise<LiveStream | undefined>;
  /**
   * Ends a session for good, unless a publisher is connected, or one waits that will go on. One that the store has lost, or that another session of the
   * stream has followed, counts as ended.
   *
   * @returns whether it is ended
   */
  endSession(streamId: string, sessionId: string): Promise<boolean>;
  /** Keeps the newest report about each of these streams, for `ingestReportTtlMs`. */
  reportIngest(reports: readonly IngestReport[]): Promise<void>;
  /** @returns for each stream, in order, the newest report; undefined when there is none, or none that is recent */
  readIngest(streamIds: readonly string[]): Promise<(IngestReport | undefined)[]>;
  /** Adds samples to the series of their sessions, which reach back three hours; a tenant has at most `healthSeriesPerTenant` of them. */
  recordHealth(samples: readonly SessionSample[]): Promise<void>;
  /** @returns for each session, in order, the samples at or after `fromMs` and before `toMs`, oldest first */
  readHealth(sessionIds: readonly string[], fromMs: number, toMs: number): Promise<HealthSample[][]>;

  // Pulling ---------------------------------------------------------------------------------------------------------------
  /** Takes the lease on a source when it has no holder, or when its holder has not renewed it in time. */
  acquireSource(sourceId: string, owner: string, ttlMs: number): Promise<SourceLease | undefined>;
  /**
   * Renews leases on sources and keeps what is said of them; a lease that the store has lost is put back.
   * @returns for each, in order, whether it is still held; one that expired is, unless it was taken meanwhile
   */
  renewSources(reports: readonly SourceReport[], ttlMs: number): Promise<boolean[]>;
  /** Gives a lease back, so that another edge goes on at once. */
  releaseSource(lease: SourceLease): Promise<void>;
  /** The ids of all sources that are held now, in any order. */
  listHeldSources(): Promise<string[]>;
  /** @returns for each source, in order, who holds it; undefined when no edge does */
  readSources(sourceIds: readonly string[]): Promise<(HeldSource | undefined)[]>;
  /** Says that viewers want these streams, for `ttlMs` at least, whether they are live or not. */
  noteDemand(streamIds: readonly string[], ttlMs: number): Promise<void>;
  /** The ids of all streams that viewers want now, in any order. */
  listDemanded(): Promise<string[]>;

  // Packaging -------------------------------------------------------------------------------------------------------------
  /** Takes the lease when it has no holder, or when its holder has not renewed it in time. */
  acquireLease(streamId: string, owner: string, ttlMs: number): Promise<Lease | undefined>;
  /** @returns for each lease, in order, whether it is still held; one that expired is, unless it was taken meanwhile */
  renewLeases(leases: readonly Lease[], ttlMs: number): Promise<boolean[]>;
  /** Gives a lease back, so that another packager goes on at once. */
  releaseLease(lease: Lease): Promise<void>;
  /** Says that these packagers are live, and what they can read, for `ttlMs`. Instead of what was said of them before. */
  announcePackagers(packagers: readonly PackagerAnnouncement[], ttlMs: number): Promise<void>;
  /** The packagers that are live, in any order. */
  readPackagers(): Promise<PackagerAnnouncement[]>;
  /** Where to take the memory of segments. A store that keeps committed bytes as they are adopts them, and gives them back itself. */
  readonly segmentPool: SegmentPool;
  /** Commits segments, playlist and resume position in one atomic step, or nothing of it. */
  commit(commit: SegmentCommit): Promise<CommitOutcome>;
  /** Commits parts in one atomic step, or nothing of it. Those that wait for the playlist are told, as for a commit of segments. */
  commitParts(commit: PartCommit): Promise<CommitOutcome>;

  // Playing ---------------------------------------------------------------------------------------------------------------
  /** All that is known: what a packager goes on from. */
  readPlaylist(streamId: string): Promise<PlaylistState | undefined>;
  /** The playlist to serve; undefined when there is none, or none any more. */
  readPlaylistText(streamId: string): Promise<PlaylistText | undefined>;
  /**
   * A segment, or an initialisation map, that is listed, or was within the retention. A name that neither can have is just not
   * found.
   */
  readSegment(streamId: string, name: string): Promise<StoredSegment | undefined>;
  /** The same at once, where segments are in the memory of this process; undefined elsewhere. */
  segmentInMemory(streamId: string, name: string): StoredSegment | undefined;
  /**
   * Calls back when the playlist of a stream has changed: a hint, for who waits; it may be missed, or come for nothing. The
   * callback must not throw.
   *
   * @returns stops it
   */
  watchPlaylist(streamId: string, onChange: () => void): () => void;

  // Viewers ---------------------------------------------------------------------------------------------------------------
  /** Notes who watches and who has left. A viewer that is not noted again for `viewerTtlMs` has left as well. */
  noteViewers(notes: readonly ViewerNotes[]): Promise<void>;
  /**
   * Counts a viewer in each of these groups, unless one is full: who is counted already stays. Like any other, it counts for
   * `viewerTtlMs`, unless notes say more of it.
   *
   * @param name as in notes
   * @returns the group that is full: then it is counted in none that it was not in before
   */
  admitViewer(name: string, groups: readonly ViewerGroup[]): Promise<ViewerGroup | undefined>;
  /** @returns for each playback id, in order, how many watch, over all processes; at most `maxViewersPerPlayback` */
  countViewers(playbackIds: readonly string[]): Promise<number[]>;

  // Small records ---------------------------------------------------------------------------------------------------------
  /**
   * Keeps a small text for a while: what the control plane knows of keys and playback ids, for when its database is away. The
   * oldest records may go early when there are too many.
   *
   * @param key made by us, never a peer's text: `[A-Za-z0-9:._-]`, at most 256 characters
   */
  remember(key: string, value: string, ttlMs: number): Promise<void>;
  recall(key: string): Promise<string | undefined>;
  /**
   * Uses something that may be used once: true for the first user of a key, and for the same user again, as long as that is
   * remembered. One step: of several that come at once, one is the first.
   *
   * @param user made by us; as short as a record
   */
  useOnce(key: string, user: string, ttlMs: number): Promise<boolean>;
  forget(key: string): Promise<void>;

  /** How full the store is, for those who watch it. */
  readMemory(): Promise<StoreMemory>;

  /** Whether the store can be reached now: what readiness asks. */
  isReady(): boolean;
  close(): Promise<void>;
}

/** The injection token of the port. */
export const LIVE_STORE = Symbol('LiveStore');
