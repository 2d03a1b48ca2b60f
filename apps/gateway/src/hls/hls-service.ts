// Decides what a request of HLS or MPEG-DASH gets: both have the same segments.
import { isSegmentName, LiveStoreError, parsePartName, parseRenditionFile } from '@millrace/live-store';
import type { RenditionName } from '@millrace/live-store';
import type { DashManifest } from '@millrace/protocol/dash';
import type { PlaceHolder } from '@millrace/service-kit';
import { dependencyUnavailable, ProblemError } from '../http/problem-error.ts';
import type { KnownManifest, ManifestCache } from '../dash/manifest-cache.ts';
import { templateOf } from '../dash/manifest-of.ts';
import { manifestFor } from '../dash/signed-manifest.ts';
import type { StreamDemand } from '../demand/stream-demand.ts';
import type { PlaybackFact } from '../known/facts.ts';
import type { PlaybackDirectory } from '../playback/playback-directory.ts';
import { isSigned } from '../playback/playback-gate.ts';
import type { ShortToken, PlaybackGate } from '../playback/playback-gate.ts';
import type { ViewerQuotas } from '../playback/viewer-quotas.ts';
import type { PlaybackVisitor } from '../playback/playback-visitor.ts';
import { multivariantFor, SignedPlaylists } from '../playback/signed-playlists.ts';
import type { HlsMetrics, HoldReason, PlaybackKind } from './hls-metrics.ts';
import { MEDIA_PLAYLIST_NAME } from './multivariant-text.ts';
import type { PlaylistCache } from './playlist-cache.ts';
import { TooManyHeld } from './playlist-waiters.ts';
import type { PlaylistWaiters } from './playlist-waiters.ts';
import { readDirectives } from './rendition-view.ts';
import type { DeliveryDirectives } from './rendition-view.ts';
import {
  keyRepresentation,
  manifestRepresentation,
  ownManifestRepresentation,
  ownPlaylistRepresentation,
  ownSegment,
  segmentForSeconds,
  uncached,
} from './representation.ts';
import type { Representation } from './representation.ts';
import { TooManyReads } from './segment-cache.ts';
import type { SegmentCache } from './segment-cache.ts';
import type { SegmentKeys } from './segment-keys.ts';

const MASTER_PLAYLIST_NAME = 'master.m3u8';
/** The media sequence of the first segment with a key, as the packager writes it into playlists. */
const KEY_NUMBER = /^(?:0|[1-9]\d{0,14})$/;
/** Seconds after which a player asks again for a stream that is not live. */
const RETRY_AFTER_S = '2';
const DIRECTIVE = '_HLS_';
/** "SHOULD ... after three Target Durations" a request that was not met is answered (draft-pantos-hls-rfc8216bis section 6.2.5.2). */
const HELD_TARGETS = 3;
const NO_DIRECTIVES: DeliveryDirectives = { mediaSequence: undefined, part: undefined, skip: false };

/** What a player asks for. */
export interface HlsRequest {
  readonly kind: PlaybackKind;
  readonly playbackId: string;
  readonly file: string;
  /** The target of the request, with its query. */
  readonly url: string;
  /** Whether only the headers are asked for. */
  readonly isPreview: boolean;
}

/** Called when a request is held. @returns aborted when the client went away */
type Gone = (reason: HoldReason) => AbortSignal;

export interface HlsAnswer {
  readonly what: Representation;
  /** Of a viewer of a signed playback id. */
  readonly tokenId?: string;
}

export class HlsService {
  readonly #directory: PlaybackDirectory;
  readonly #gate: PlaybackGate;
  readonly #quotas: ViewerQuotas;
  readonly #demand: Pick<StreamDemand, 'note'>;
  readonly #signed: SignedPlaylists<Representation>;
  readonly #playlists: PlaylistCache;
  readonly #waiters: PlaylistWaiters;
  readonly #held: PlaylistWaiters;
  readonly #segments: SegmentCache;
  readonly #keys: SegmentKeys;
  readonly #manifests: ManifestCache;
  readonly #metrics: HlsMetrics;

  constructor(
    directory: PlaybackDirectory,
    gate: PlaybackGate,
    quotas: ViewerQuotas,
    demand: Pick<StreamDemand, 'note'>,
    playlists: PlaylistCache,
    waiters: PlaylistWaiters,
    held: PlaylistWaiters,
    segments: SegmentCache,
    keys: SegmentKeys,
    manifests: ManifestCache,
    metrics: HlsMetrics,
  ) {
    this.#directory = directory;
    this.#gate = gate;
    this.#quotas = quotas;
    this.#demand = demand;
    this.#signed = new SignedPlaylists(gate.signatures, ownPlaylistRepresentation);
    this.#playlists = playlists;
    this.#waiters = waiters;
    this.#held = held;
    this.#segments = segments;
    this.#keys = keys;
    this.#manifests = manifests;
    this.#metrics = metrics;
  }

  kindOf(file: string): PlaybackKind {
    if (file === MEDIA_PLAYLIST_NAME || parseRenditionFile(file) !== undefined) return 'media';
    return file === MASTER_PLAYLIST_NAME ? 'master' : 'segment';
  }

  /** The stream and tenant of an id that was found lately. */
  factOf(playbackId: string): PlaybackFact | undefined {
    return this.#directory.factOf(playbackId);
  }

  /**
   * What viewers may know of a stream before they play it.
   *
   * @throws ProblemError as for a playlist, but for a stream that is not live
   */
  async shortToken(playbackId: string, visitor: PlaybackVisitor): Promise<ShortToken> {
    try {
      const fact = await this.#directory.find(playbackId, visitor.network);
      if (fact === undefined) throw unknownPlaybackId();
      return await this.#gate.shorten({ fact, playbackId }, visitor);
    } catch (error) {
      throw this.#problemOf(error);
    }
  }

  async about(playbackId: string, visitor: PlaybackVisitor): Promise<AboutStream> {
    try {
      const fact = await this.#directory.find(playbackId, visitor.network);
      if (fact === undefined) throw unknownPlaybackId();
      const signed = isSigned(fact);
      if (signed) await this.#gate.enter({ fact, playbackId }, visitor);
      const playlist = await this.#playlists.media(fact.streamId);
      const live = playlist !== undefined && !isEnded(playlist);
      return { name: this.#directory.nameOf(playbackId) ?? null, live, signed };
    } catch (error) {
      throw this.#problemOf(error);
    }
  }

  /** What can be answered without waiting for anything: nearly every request, once a stream has viewers. */
  cached({ kind, playbackId, file, url }: HlsRequest): Representation | undefined {
    const now = Date.now();
    const fact = this.#directory.fresh(playbackId, now);
    if (fact === undefined || kind === 'master' || kind === 'manifest') return undefined;
    if (isSigned(fact)) return kind === 'segment' ? this.#cachedSigned(fact, playbackId, file, url, now) : undefined;
    if (kind === 'segment') return this.#segments.get(fact.streamId, file);
    if (this.#quotas.isLimited(playbackId)) return undefined;
    const rendition = parseRenditionFile(file);
    if (rendition === undefined) return this.#playlists.fresh(fact.streamId, now);
    if (url.includes(DIRECTIVE)) return undefined;
    return this.#playlists.freshRendition(fact.streamId, rendition, now)?.whole;
  }

  /**
   * Call it where `cached` answers request after request: what that knows is looked up again before it is too old, so that no request waits
   * for it.
   */
  renew(playbackId: string, network: string): void {
    const now = Date.now();
    const fact = this.#directory.renew(playbackId, network, now);
    if (fact === undefined) return;
    this.#demand.note(fact.streamId);
    this.#playlists.renew(fact.streamId, now);
  }

  /**
   * @param gone called when the request is held
   * @throws ProblemError
   */
  async find(request: HlsRequest, visitor: PlaybackVisitor, gone: Gone): Promise<HlsAnswer> {
    try {
      const { kind, playbackId, file } = request;
      const { network } = visitor;
      const fact = await this.#directory.find(playbackId, network);
      if (fact === undefined) throw unknownPlaybackId();
      const holder = { network, tenantId: fact.tenantId };
      if (isSigned(fact)) return await this.#findSigned(request, fact, visitor, gone);
      this.#demand.note(fact.streamId);
      if (kind === 'segment') return { what: await this.#findSegment(fact.streamId, file, holder, gone) };
      const what =
        kind === 'manifest'
          ? manifestRepresentation((await this.#findManifest(fact.streamId, holder, gone)).text)
          : await this.#findPlaylist(request, fact.streamId, holder, gone);
      if (kind === 'media' || kind === 'manifest') await this.#quotas.admitPlayer(fact, { ...visitor, playbackId });
      return { what };
    } catch (error) {
      throw this.#problemOf(error);
    }
  }

  /**
   * The key that a playlist names. It is told as long as segments with it may be fetched, and to those who may see the playlist.
   *
   * @throws ProblemError
   */
  async key(playbackId: string, number: string, visitor: PlaybackVisitor): Promise<Representation> {
    try {
      const fact = await this.#directory.find(playbackId, visitor.network);
      if (fact === undefined) throw unknownPlaybackId();
      if (isSigned(fact)) await this.#gate.readmit({ fact, playbackId }, visitor.query.viewer ?? '', visitor);
      const { streamId } = fact;
      if (!KEY_NUMBER.test(number) || !(await this.#playlists.lists(streamId, `keys/${number}`)))
        throw new ProblemError('not_found', 'There is no such key, or no segment has it any more.');
      return keyRepresentation(this.#keys.keyOf(streamId, Number(number)));
    } catch (error) {
      throw this.#problemOf(error);
    }
  }

  #cachedSigned(
    { streamId }: PlaybackFact,
    playbackId: string,
    file: string,
    url: string,
    nowMs: number,
  ): Representation | undefined {
    const segment = this.#segments.get(streamId, file);
    if (segment === undefined) return undefined;
    const leftS = this.#signedSeconds(playbackId, file, url, nowMs);
    return leftS === undefined ? undefined : segmentForSeconds(segment, leftS);
  }

  async #findSigned(request: HlsRequest, fact: PlaybackFact, visitor: PlaybackVisitor, gone: Gone): Promise<HlsAnswer> {
    const { kind, playbackId, file, url, isPreview } = request;
    const { streamId, tenantId } = fact;
    const holder = { network: visitor.network, tenantId };
    const playback = { fact, playbackId };
    const { viewer } = visitor.query;
    if (kind === 'segment') {
      if (viewer !== undefined) {
        await this.#gate.readmit(playback, viewer, visitor);
        this.#demand.note(streamId);
        return { what: ownSegment(await this.#findSegment(streamId, file, holder, gone)) };
      }
      const leftS = this.#signedSeconds(playbackId, file, url, Date.now());
      if (leftS === undefined)
        throw new ProblemError(
          'playback_token_invalid',
          'The URL of this segment is not signed, or its signature has expired: take it from a new playlist.',
        );
      this.#demand.note(streamId);
      return { what: segmentForSeconds(await this.#findSegment(streamId, file, holder, gone), leftS) };
    }
    // A token is exchanged here, whichever playlist was asked for: what is played is the viewer's own.
    const isExchange = kind === 'master' || viewer === undefined;
    const ticket = isExchange
      ? await this.#gate.enter(playback, visitor)
      : await this.#gate.readmit(playback, viewer, visitor);
    this.#demand.note(streamId);
    const asked = isExchange ? { ...request, kind: 'master' as const } : request;
    const isManifest = kind === 'manifest';
    const manifest = isManifest ? await this.#findManifest(streamId, holder, gone) : undefined;
    const found = isManifest ? undefined : await this.#findPlaylist(asked, streamId, holder, gone, true);
    // The request may have been held for a while.
    await this.#gate.check(fact, ticket, visitor);
    const { tokenId } = ticket;
    if (!isPreview) await this.#quotas.admitPlayer(fact, { ...visitor, playbackId, tokenId });
    const write = (): string => this.#gate.tickets.write(ticket);
    if (isExchange && !isPreview) await this.#gate.useUp(tenantId, ticket);
    if (found === undefined || !isExchange) {
      const reader = { ticket: write, strict: await this.#gate.isStrict(ticket) };
      const what =
        found === undefined
          ? ownManifestRepresentation(manifestFor(manifest!.manifest, playbackId, this.#gate.signatures, reader))
          : this.#signed.of(playbackId, file, found, Date.now(), reader);
      return { what, tokenId };
    }
    const text = multivariantFor(Buffer.from(found.body).toString('utf8'), write());
    return { what: ownPlaylistRepresentation(text), tokenId };
  }

  /** @returns how long a segment may be had with this URL: signed for itself, or as one of a template (MPEG-DASH) */
  #signedSeconds(playbackId: string, file: string, url: string, nowMs: number): number | undefined {
    const { signatures } = this.#gate;
    const query = queryOf(url);
    return (
      signatures.secondsLeft(playbackId, file, query, nowMs) ??
      signatures.secondsLeft(playbackId, templateOf(file), query, nowMs)
    );
  }

  async #findManifest(streamId: string, holder: PlaceHolder, gone: Gone): Promise<ListedManifest> {
    const now = await this.#playlists.media(streamId).catch(() => undefined);
    const media = now ?? (await this.#waiters.wait(streamId, holder, gone('start')));
    const version = this.#playlists.shown(streamId);
    if (media === undefined || version === undefined) throw notLive();
    const known = await this.#manifests.of(streamId, version);
    if (known === undefined) throw notLive();
    if (known.manifest === undefined)
      throw new ProblemError(
        'not_found',
        'This stream has no renditions for MPEG-DASH: it needs latency_mode low, or codecs or tracks that MPEG-TS cannot carry, and no encryption.',
      );
    return { ...known, manifest: known.manifest };
  }

  async #findSegment(streamId: string, name: string, holder: PlaceHolder, gone: Gone): Promise<Representation> {
    const segment = isSegmentName(name) ? await this.#awaitSegment(streamId, name, holder, gone) : undefined;
    if (segment === undefined) throw new ProblemError('not_found', 'There is no such segment, or it has been removed.');
    return segment;
  }

  async #awaitSegment(
    streamId: string,
    name: string,
    holder: PlaceHolder,
    gone: Gone,
  ): Promise<Representation | undefined> {
    const wasHinted = await this.#holdPart(streamId, name, holder, gone);
    const listed = await this.#playlists.lists(streamId, name);
    // A hint that is given up is given up for all viewers at once: no read, of which an address has few for names that are not listed.
    return wasHinted && !listed ? undefined : this.#segments.load(streamId, name, holder, listed);
  }

  /**
   * A part that is hinted is asked for before it is there: "the server SHOULD hold the request" (section 6.2.6).
   *
   * @returns whether it was hinted
   */
  async #holdPart(streamId: string, name: string, holder: PlaceHolder, gone: Gone): Promise<boolean> {
    const place = parsePartName(name);
    if (place === undefined) return false;
    const { rendition, mediaSequence, index } = place;
    const mayCome = async (): Promise<boolean> => {
      const view = await this.#playlists.rendition(streamId, rendition);
      return view?.mayHint(mediaSequence, index) === true;
    };
    const view = await this.#playlists.rendition(streamId, rendition).catch(() => undefined);
    if (view?.mayHint(mediaSequence, index) !== true) return false;
    const waitMs = HELD_TARGETS * view.targetDurationMs;
    await this.#held.hold({ streamId, holder, waitMs, gone: gone('media') }, async () =>
      (await mayCome()) ? undefined : true,
    );
    return true;
  }

  /** @param isSigned the answer is not to be told apart by what was asked for: it is made once for all viewers */
  async #findPlaylist(
    { kind, file, url }: Pick<HlsRequest, 'kind' | 'file' | 'url'>,
    streamId: string,
    holder: PlaceHolder,
    gone: Gone,
    isSigned = false,
  ): Promise<Representation> {
    const now = await this.#playlists.media(streamId).catch(() => undefined);
    const media = now ?? (await this.#waiters.wait(streamId, holder, gone('start')));
    const rendition = kind === 'media' ? parseRenditionFile(file) : undefined;
    if (rendition !== undefined && media !== undefined) {
      const directives = url.includes(DIRECTIVE) ? readDirectives(queryOf(url)) : NO_DIRECTIVES;
      if (directives === undefined)
        throw new ProblemError('invalid_request', '_HLS_msn and _HLS_part must be whole numbers, each once.');
      const asked = isSigned ? { ...directives, skip: false } : directives;
      return this.#findRendition(streamId, rendition, asked, holder, gone);
    }
    const found =
      kind === 'media' || media === undefined
        ? media
        : await this.#playlists.multivariant(streamId, file !== MEDIA_PLAYLIST_NAME);
    if (found !== undefined) return found;
    throw notLive();
  }

  async #findRendition(
    streamId: string,
    rendition: RenditionName,
    directives: DeliveryDirectives,
    holder: PlaceHolder,
    gone: Gone,
  ): Promise<Representation> {
    const now = await this.#playlists.rendition(streamId, rendition);
    if (now === undefined) throw new ProblemError('not_found', 'This stream has no such rendition.');
    const { mediaSequence, part } = directives;
    if (mediaSequence === undefined) return now.answer(directives, false);
    if (now.isTooFar(mediaSequence))
      throw new ProblemError('invalid_request', '_HLS_msn is too far beyond the end of the playlist.');
    if (now.has(mediaSequence, part)) return now.answer(directives, true);
    const waitMs = HELD_TARGETS * now.targetDurationMs;
    const found = await this.#held.hold({ streamId, holder, waitMs, gone: gone('media') }, async () => {
      const next = await this.#playlists.rendition(streamId, rendition);
      return next?.has(mediaSequence, part) === true ? next : undefined;
    });
    if (found !== undefined) return found.answer(directives, true);
    // The encoder pauses: players that get their playlist as it is ask again, to an error most give up.
    const last = (await this.#playlists.rendition(streamId, rendition)) ?? now;
    return uncached(last.answer(directives, false));
  }

  #problemOf(error: unknown): unknown {
    if (error instanceof ProblemError) {
      this.#metrics.refused(error.code);
      return error;
    }
    if (error instanceof TooManyHeld) {
      this.#metrics.refused('dependency_unavailable');
      return new ProblemError('dependency_unavailable', 'Too many requests are held at the same time.', {
        headers: { 'retry-after': RETRY_AFTER_S },
        cause: error,
      });
    }
    if (!(error instanceof LiveStoreError) && !(error instanceof TooManyReads)) return error;
    this.#metrics.refused('dependency_unavailable');
    return dependencyUnavailable('The live store', error);
  }
}

export interface AboutStream {
  readonly name: string | null;
  readonly live: boolean;
  readonly signed: boolean;
}

type ListedManifest = KnownManifest & { readonly manifest: DashManifest };

const notLive = (): ProblemError =>
  new ProblemError('stream_not_live', 'This stream is not live now.', { headers: { 'retry-after': RETRY_AFTER_S } });

const queryOf = (url: string): string => url.slice(url.indexOf('?') + 1);

const unknownPlaybackId = (): ProblemError => new ProblemError('not_found', 'There is no such playback id.');

const ENDED = Buffer.from('#EXT-X-ENDLIST');
/** The tag is the last line of a list that is closed (RFC 8216 §4.3.3.4 allows it anywhere; the packager writes it last). */
const isEnded = ({ body }: Representation): boolean =>
  Buffer.from(body.buffer, body.byteOffset, body.byteLength).includes(ENDED);
