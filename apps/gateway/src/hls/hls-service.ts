// Decides what an HLS request gets.
import { isSegmentName, LiveStoreError } from '@millrace/live-store';
import type { PlaceHolder } from '@millrace/service-kit';
import { dependencyUnavailable, ProblemError } from '../http/problem-error.ts';
import type { PlaybackFact } from '../known/facts.ts';
import type { PlaybackDirectory } from '../playback/playback-directory.ts';
import type { HlsMetrics, PlaybackKind } from './hls-metrics.ts';
import { MEDIA_PLAYLIST_NAME } from './multivariant-text.ts';
import type { PlaylistCache } from './playlist-cache.ts';
import type { PlaylistWaiters } from './playlist-waiters.ts';
import type { Representation } from './representation.ts';
import { TooManyReads } from './segment-cache.ts';
import type { SegmentCache } from './segment-cache.ts';

const MASTER_PLAYLIST_NAME = 'master.m3u8';
/** Seconds after which a player asks again for a stream that is not live. */
const RETRY_AFTER_S = '2';

export class HlsService {
  readonly #directory: PlaybackDirectory;
  readonly #playlists: PlaylistCache;
  readonly #waiters: PlaylistWaiters;
  readonly #segments: SegmentCache;
  readonly #metrics: HlsMetrics;

  constructor(
    directory: PlaybackDirectory,
    playlists: PlaylistCache,
    waiters: PlaylistWaiters,
    segments: SegmentCache,
    metrics: HlsMetrics,
  ) {
    this.#directory = directory;
    this.#playlists = playlists;
    this.#waiters = waiters;
    this.#segments = segments;
    this.#metrics = metrics;
  }

  kindOf(file: string): PlaybackKind {
    if (file === MEDIA_PLAYLIST_NAME) return 'media';
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
  async about(playbackId: string, network: string): Promise<{ readonly name: string | null; readonly live: boolean }> {
    try {
      const fact = await this.#directory.find(playbackId, network);
      if (fact === undefined) throw unknownPlaybackId();
      const playlist = await this.#playlists.media(fact.streamId);
      return { name: this.#directory.nameOf(playbackId) ?? null, live: playlist !== undefined && !isEnded(playlist) };
    } catch (error) {
      throw this.#problemOf(error);
    }
  }

  /** What can be answered without waiting for anything: nearly every request, once a stream has viewers. */
  cached(kind: PlaybackKind, playbackId: string, file: string): Representation | undefined {
    const now = Date.now();
    const fact = this.#directory.fresh(playbackId, now);
    if (fact === undefined || kind === 'master') return undefined;
    return kind === 'media' ? this.#playlists.fresh(fact.streamId, now) : this.#segments.get(fact.streamId, file);
  }

  /**
   * @param network of the client, as limits count it
   * @param gone aborted when the client went away
   * @throws ProblemError
   */
  async find(
    kind: PlaybackKind,
    playbackId: string,
    file: string,
    network: string,
    gone: () => AbortSignal,
  ): Promise<Representation> {
    try {
      const fact = await this.#directory.find(playbackId, network);
      if (fact === undefined) throw unknownPlaybackId();
      const holder = { network, tenantId: fact.tenantId };
      if (kind === 'segment') return await this.#findSegment(fact.streamId, file, holder);
      return await this.#findPlaylist(kind, fact.streamId, holder, gone);
    } catch (error) {
      throw this.#problemOf(error);
    }
  }

  async #findSegment(streamId: string, name: string, holder: PlaceHolder): Promise<Representation> {
    const segment = isSegmentName(name) ? await this.#loadSegment(streamId, name, holder) : undefined;
    if (segment === undefined) throw new ProblemError('not_found', 'There is no such segment, or it has been removed.');
    return segment;
  }

  async #loadSegment(streamId: string, name: string, holder: PlaceHolder): Promise<Representation | undefined> {
    return this.#segments.load(streamId, name, holder, await this.#playlists.lists(streamId, name));
  }

  async #findPlaylist(
    kind: PlaybackKind,
    streamId: string,
    holder: PlaceHolder,
    gone: () => AbortSignal,
  ): Promise<Representation> {
    const now = await this.#playlists.media(streamId).catch(() => undefined);
    const media = now ?? (await this.#waiters.wait(streamId, holder, gone()));
    const found = kind === 'media' || media === undefined ? media : await this.#playlists.multivariant(streamId);
    if (found !== undefined) return found;
    throw new ProblemError('stream_not_live', 'This stream is not live now.', {
      headers: { 'retry-after': RETRY_AFTER_S },
    });
  }

  #problemOf(error: unknown): unknown {
    if (error instanceof ProblemError) {
      this.#metrics.refused(error.code);
      return error;
    }
    if (!(error instanceof LiveStoreError) && !(error instanceof TooManyReads)) return error;
    this.#metrics.refused('dependency_unavailable');
    return dependencyUnavailable('The live store', error);
  }
}

const unknownPlaybackId = (): ProblemError => new ProblemError('not_found', 'There is no such playback id.');

const ENDED = Buffer.from('#EXT-X-ENDLIST');
/** The tag is the last line of a list that is closed (RFC 8216 §4.3.3.4 allows it anywhere; the packager writes it last). */
const isEnded = ({ body }: Representation): boolean =>
  Buffer.from(body.buffer, body.byteOffset, body.byteLength).includes(ENDED);
