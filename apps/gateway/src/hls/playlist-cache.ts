// The playlists that viewers ask for, each read from the live store once per version.
import { onSharedBeat, onSharedBeatWhile } from '@millrace/domain';
import type { Beat, WorkBeat } from '@millrace/domain';
import { renditionNames, renditionValues } from '@millrace/live-store';
import type { LiveStore, PlaylistText, RenditionName } from '@millrace/live-store';
import type { Logger } from '@millrace/service-kit';
import { ListedNames } from './listed-names.ts';
import { multivariantText } from './multivariant-text.ts';
import { choosePlaylist } from './playlist-choice.ts';
import type { ShownPlaylist } from './playlist-choice.ts';
import { RenditionView } from './rendition-view.ts';
import { playlistRepresentation } from './representation.ts';
import type { Representation } from './representation.ts';

/** Changes are told by the store; where that is missed, they are seen after this. */
const MEDIA_FRESH_MS = 500;
/** What is asked for all the time is read again when it is this old. */
const RENEW_MS = 375;
/** A stream that was asked for within this time is read as soon as it changes. */
const BUSY_MS = 250;
/** Codecs and bitrate change seldom. */
const MULTIVARIANT_FRESH_MS = 5_000;
/** A stream that was not requested for this long is forgotten. */
const UNUSED_MS = 60_000;
const SWEEP_MS = 10_000;
/** How often a stream that requests wait for is looked at, once for all of them: a change may go by untold. */
const LOOK_MS = 1_000;

interface ReadMultivariant {
  readonly representation: Representation;
  readonly readAtMs: number;
}

interface Entry {
  shown: ShownPlaylist | undefined;
  media: Representation | undefined;
  readonly renditions: Map<RenditionName, RenditionView>;
  readonly listed: ListedNames;
  readonly multivariant: { lowLatency?: ReadMultivariant; standard?: ReadMultivariant };
  readAtMs: number;
  changed: boolean;
  usedAtMs: number;
  reading: Promise<Representation | undefined> | undefined;
  /** Whether it is read although nothing has changed. */
  isRenewing: boolean;
  /** What there was at the last look for requests that wait; undefined before the first, and where the store could not be asked. */
  seen: readonly unknown[] | undefined;
  readonly stopWatching: () => void;
  readonly waiting: Set<() => void>;
}

export interface PlaylistCacheOptions {
  readonly staleMs: number;
  readonly maxStreams: number;
  readonly logger: Logger;
}

export class PlaylistCache {
  readonly #entries = new Map<string, Entry>();
  readonly #sweeper: Beat;
  readonly #looker: WorkBeat;
  readonly #store: LiveStore;
  readonly #options: PlaylistCacheOptions;

  constructor(store: LiveStore, options: PlaylistCacheOptions) {
    this.#store = store;
    this.#options = options;

    this.#sweeper = onSharedBeat(SWEEP_MS, () => this.#sweep(Date.now()));
    this.#looker = onSharedBeatWhile(
      LOOK_MS,
      () => [...this.#entries.values()].some(({ waiting }) => waiting.size > 0),
      () => this.#lookForAll(),
    );
  }

  /** The media playlist when it is known to be the newest. Costs next to nothing. */
  fresh(streamId: string, nowMs: number): Representation | undefined {
    const entry = this.#entries.get(streamId);
    if (entry === undefined || !isFresh(entry, nowMs)) return undefined;
    entry.usedAtMs = nowMs;
    return entry.media;
  }

  /** The same of a rendition. */
  freshRendition(streamId: string, rendition: RenditionName, nowMs: number): RenditionView | undefined {
    return this.fresh(streamId, nowMs) && this.#entries.get(streamId)?.renditions.get(rendition);
  }

  /** A rendition of the stream. @returns undefined when the stream is not live, or has none. @throws LiveStoreError with nothing to show */
  async rendition(streamId: string, rendition: RenditionName): Promise<RenditionView | undefined> {
    const media = await this.media(streamId);
    return media && this.#entries.get(streamId)?.renditions.get(rendition);
  }

  /** The media playlist. @returns undefined when the stream is not live. @throws LiveStoreError with nothing to show */
  async media(streamId: string): Promise<Representation | undefined> {
    for (;;) {
      const now = Date.now();
      const entry = this.#entry(streamId, now);
      if (isFresh(entry, now)) return entry.media;
      const began = entry.reading === undefined;
      const reading = (entry.reading ??= this.#begin(streamId, entry));
      // A read that another request began may have been answered before what has changed since.
      if (began || !entry.changed) return reading;
      await reading;
    }
  }

  /** Reads it again before it is too old to answer requests with. */
  renew(streamId: string, nowMs: number): void {
    const entry = this.#entries.get(streamId);
    if (entry !== undefined && nowMs - entry.readAtMs >= RENEW_MS) this.#readAhead(streamId, entry);
  }

  /**
   * The multivariant playlist.
   * @param lowLatency whether it names the renditions of the stream, instead of MPEG-TS
   * @returns undefined when the stream is not live
   */
  async multivariant(streamId: string, lowLatency: boolean): Promise<Representation | undefined> {
    if ((await this.media(streamId)) === undefined) return undefined;
    const now = Date.now();
    const entry = this.#entry(streamId, now);
    const last = entry.multivariant[lowLatency ? 'lowLatency' : 'standard'];
    if (last !== undefined && now - last.readAtMs < MULTIVARIANT_FRESH_MS) return last.representation;
    try {
      const state = await this.#store.readPlaylist(streamId);
      if (state === undefined) return last?.representation;
      const { description, lowLatency: more } = state;
      // Where MPEG-TS has nothing, renditions are all that there is.
      const renditions =
        lowLatency || description.segmentCodecs?.length === 0 ? renditionNames(more?.playlists ?? {}) : [];
      const representation = playlistRepresentation(multivariantText(description, renditions));
      entry.multivariant[lowLatency ? 'lowLatency' : 'standard'] = { representation, readAtMs: now };
      return representation;
    } catch (error) {
      if (last === undefined) throw error;
      return last.representation;
    }
  }

  /** Calls back when the stream's playlist may have changed. @returns stops it */
  watch(streamId: string, onChange: () => void): () => void {
    const { waiting } = this.#entry(streamId, Date.now());
    waiting.add(onChange);
    this.#looker.wake();
    return () => void waiting.delete(onChange);
  }

  /** What viewers were shown last. */
  shown(streamId: string): PlaylistText | undefined {
    return this.#entries.get(streamId)?.shown?.playlist;
  }

  /** Whether the playlist lists a segment, or did lately. A store that cannot be asked lists what it did before. */
  async lists(streamId: string, name: string): Promise<boolean> {
    await this.media(streamId).catch(() => undefined);
    const entry = this.#entries.get(streamId);
    return entry !== undefined && entry.listed.has(name, entry.shown && textsOf(entry.shown.playlist));
  }

  close(): void {
    this.#sweeper.stop();
    this.#looker.stop();
    for (const streamId of this.#entries.keys()) this.#drop(streamId);
  }

  /** For requests that come. Their answer says what fails, to those that come then. */
  #readAhead(streamId: string, entry: Entry): void {
    if (entry.reading !== undefined) return;
    entry.isRenewing = !entry.changed;
    (entry.reading = this.#begin(streamId, entry)).catch(() => undefined);
  }

  #begin(streamId: string, entry: Entry): Promise<Representation | undefined> {
    return this.#read(streamId, entry).finally(() => {
      entry.reading = undefined;
      entry.isRenewing = false;
    });
  }

  async #read(streamId: string, entry: Entry): Promise<Representation | undefined> {
    // Before the read: a change while it runs is not missed.
    entry.changed = false;
    const text = await this.#readText(streamId, entry);
    const now = Date.now();
    const before = entry.shown;
    entry.shown = choosePlaylist(before, text, now, this.#options.staleMs);
    entry.readAtMs = now;
    if (entry.shown?.playlist.text !== before?.playlist.text || entry.media === undefined)
      entry.media = entry.shown === undefined ? undefined : playlistRepresentation(entry.shown.playlist.text);
    showRenditions(entry.renditions, entry.shown?.playlist);
    return entry.media;
  }

  /** A store that cannot be asked counts as one that has lost the playlist, as long as there is one to show. */
  async #readText(streamId: string, { shown }: Entry) {
    try {
      return await this.#store.readPlaylistText(streamId);
    } catch (error) {
      if (shown === undefined || Date.now() - shown.confirmedAtMs >= this.#options.staleMs) throw error;
      this.#options.logger.debug(
        { err: error, stream_id: streamId },
        'serving a playlist that cannot be confirmed with the live store',
      );
      return shown.playlist.ended ? shown.playlist : undefined;
    }
  }

  #entry(streamId: string, nowMs: number): Entry {
    const known = this.#entries.get(streamId);
    if (known !== undefined) {
      known.usedAtMs = nowMs;
      return known;
    }
    if (this.#entries.size >= this.#options.maxStreams) this.#dropLeastUsed();
    const waiting = new Set<() => void>();
    const made: Entry = {
      renditions: new Map<RenditionName, RenditionView>(),
      listed: new ListedNames(),
      shown: undefined,
      media: undefined,
      multivariant: {},
      reading: undefined,
      isRenewing: false,
      seen: undefined,
      readAtMs: 0,
      usedAtMs: nowMs,
      changed: true,
      waiting,
      stopWatching: this.#store.watchPlaylist(streamId, () => {
        made.changed = true;
        wakeAll(made);
        if (Date.now() - made.usedAtMs < BUSY_MS) this.#readAhead(streamId, made);
      }),
    };
    this.#entries.set(streamId, made);
    return made;
  }

  #lookForAll(): void {
    for (const [streamId, entry] of this.#entries) if (entry.waiting.size > 0) void this.#look(streamId, entry);
  }

  /** Wakes those that wait for a stream when there is something else to see than there was, or anything at all again. */
  async #look(streamId: string, entry: Entry): Promise<void> {
    const before = entry.seen;
    try {
      await this.media(streamId);
      entry.seen = [entry.media, ...entry.renditions.values()];
    } catch {
      // A live store that is away may come back while there is time.
      entry.seen = undefined;
      return;
    }
    const { seen } = entry;
    if (before?.length !== seen.length || seen.some((each, index) => each !== before[index])) wakeAll(entry);
  }

  #sweep(nowMs: number): void {
    for (const [streamId, { usedAtMs, waiting }] of this.#entries)
      if (waiting.size === 0 && nowMs - usedAtMs > UNUSED_MS) this.#drop(streamId);
  }

  #dropLeastUsed(): void {
    let oldest: string | undefined;
    let oldestAtMs = Infinity;
    for (const [streamId, { usedAtMs, waiting }] of this.#entries) {
      if (waiting.size > 0 || usedAtMs >= oldestAtMs) continue;
      oldest = streamId;
      oldestAtMs = usedAtMs;
    }
    if (oldest !== undefined) this.#drop(oldest);
  }

  #drop(streamId: string): void {
    this.#entries.get(streamId)?.stopWatching();
    this.#entries.delete(streamId);
  }
}

/** Not while it is read because something has changed. */
const isFresh = ({ changed, reading, isRenewing, readAtMs }: Entry, nowMs: number): boolean =>
  !changed && (reading === undefined || isRenewing) && nowMs - readAtMs < MEDIA_FRESH_MS;

function wakeAll({ waiting }: Entry): void {
  for (const wake of [...waiting]) wake();
}

/** One view for each version of a playlist: what is made of it is made once. */
function showRenditions(views: Map<RenditionName, RenditionView>, playlist: PlaylistText | undefined): void {
  const renditions = playlist?.renditions ?? {};
  for (const name of views.keys()) if (renditions[name] === undefined) views.delete(name);
  for (const name of renditionNames(renditions)) {
    const ended = playlist?.ended === true;
    if (views.get(name)?.shows(renditions[name]!, ended) !== true)
      views.set(name, new RenditionView(renditions[name]!, ended));
  }
}

const textsOf = ({ text, renditions = {} }: PlaylistText): string =>
  [text, ...renditionValues(renditions).map((rendition) => rendition.text)].join('\n');
