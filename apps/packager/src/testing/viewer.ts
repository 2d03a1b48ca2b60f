// A viewer that keeps every playlist and every segment it sees, and finds what must never happen.
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { renditionNames } from '@millrace/live-store';
import type { LiveStore, RenditionPlaylists } from '@millrace/live-store';
import type { MediaPlaylist } from '@millrace/protocol/hls';
import {
  checkLowLatency,
  checkMediaPlaylist,
  checkRenditionReports,
  parseMediaPlaylist,
} from '@millrace/protocol/hls/testing';

export const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export class Viewer {
  /** The digest of each segment by its number. */
  readonly segments = new Map<number, string>();
  /** Its bytes. */
  readonly bytes = new Map<number, Uint8Array>();
  readonly playlists: MediaPlaylist[] = [];
  readonly faults: string[] = [];
  /** Of a stream with low latency: the newest playlist of each rendition. */
  readonly renditions = new Map<string, MediaPlaylist>();
  /** The digest of everything that these list, by its name: parts, whole segments, initialisation maps. */
  readonly files = new Map<string, string>();
  readonly #texts = new Map<string, string>();
  readonly #liveStore: LiveStore;
  readonly #streamId: string;
  #text = '';
  #watching: Promise<void> | undefined;
  #isStopped = false;

  constructor(liveStore: LiveStore, streamId: string) {
    this.#liveStore = liveStore;
    this.#streamId = streamId;
  }

  get last(): MediaPlaylist | undefined {
    return this.playlists.at(-1);
  }

  /** The number that comes after the newest segment listed. */
  get nextMediaSequence(): number {
    const { last } = this;
    return last === undefined ? 0 : last.mediaSequence + last.segments.length;
  }

  /** Looks once. */
  async look(): Promise<void> {
    const playlist = await this.#liveStore.readPlaylistText(this.#streamId);
    if (playlist === undefined || playlist.text === '') return;
    await this.#lookAtRenditions(playlist.renditions ?? {});
    if (playlist.text === this.#text) return;
    const parsed = parseMediaPlaylist(playlist.text);
    for (const { rule, detail } of checkMediaPlaylist(this.last, parsed)) this.faults.push(`${rule}: ${detail}`);
    this.playlists.push(parsed);
    for (const [index, segment] of parsed.segments.entries())
      await this.#keep(parsed.mediaSequence + index, segment.uri);
    this.#text = playlist.text;
  }

  async #lookAtRenditions(renditions: RenditionPlaylists): Promise<void> {
    const texts = renditionNames(renditions).map((name) => [name, renditions[name]!.text] as const);
    const changed = texts.filter(([name, text]) => this.#texts.get(name) !== text);
    if (changed.length === 0) return;
    for (const [name, text] of changed) {
      const before = this.renditions.get(name);
      const next = parseMediaPlaylist(text);
      for (const { rule, detail } of [...checkLowLatency(before, next), ...checkMediaPlaylist(before, next)])
        this.faults.push(`${rule}: ${name}: ${detail}`);
      this.renditions.set(name, next);
    }
    const now = new Map(texts.map(([name]) => [`${name}.m3u8`, this.renditions.get(name)!]));
    for (const { rule, detail } of checkRenditionReports(now)) this.faults.push(`${rule}: ${detail}`);
    for (const [name] of changed)
      for (const file of filesOf(this.renditions.get(name)!)) if (!this.files.has(file)) await this.#keepFile(file);
    // Not before: a store that is away meanwhile is asked for the rest at the next look.
    for (const [name, text] of changed) this.#texts.set(name, text);
  }

  async #keepFile(name: string): Promise<void> {
    const stored = await this.#liveStore.readSegment(this.#streamId, name);
    if (stored === undefined) this.faults.push(`${name} is listed and not there`);
    else this.files.set(name, digestOf(stored.bytes));
  }

  /** Reads all files that were seen once more: none may have other bytes. */
  async verifyFiles(): Promise<void> {
    for (const [name, digest] of this.files) {
      const stored = await this.#liveStore.readSegment(this.#streamId, name);
      if (stored !== undefined && digestOf(stored.bytes) !== digest) this.faults.push(`${name} has other bytes now`);
    }
  }

  /** Looks until something holds. */
  async until(what: string, holds: (viewer: this) => boolean, timeoutMs = 40_000): Promise<void> {
    for (const end = performance.now() + timeoutMs; !holds(this); await delay(5)) {
      if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}\n${this.#text}`);
      try {
        await this.look();
      } catch (error) {
        // A store that is away is part of some tests; what was seen before still counts.
        if (!(error instanceof Error) || error.name !== 'LiveStoreError') throw error;
      }
    }
  }

  /** Looks again and again, until `stop`. */
  watch(): this {
    this.#watching = this.until('stopped', () => this.#isStopped, 600_000);
    return this;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#watching;
  }

  async #keep(mediaSequence: number, uri: string): Promise<void> {
    const stored = await this.#liveStore.readSegment(this.#streamId, uri);
    if (stored === undefined) {
      if (!this.segments.has(mediaSequence)) this.faults.push(`segment ${mediaSequence} is listed and not there`);
      return;
    }
    const { bytes } = stored;
    const digest = digestOf(bytes);
    const known = this.segments.get(mediaSequence);
    if (known !== undefined && known !== digest) this.faults.push(`segment ${mediaSequence} has other bytes now`);
    this.segments.set(mediaSequence, digest);
    this.bytes.set(mediaSequence, bytes);
  }
}

/** What a playlist of a rendition names, but for what only comes. */
function filesOf({ segments, open }: MediaPlaylist): string[] {
  const parts = [...segments, ...(open === undefined ? [] : [open])].flatMap(({ parts: listed = [] }) => listed);
  const maps = segments.flatMap(({ map }) => map?.uri ?? []);
  return [...maps, ...parts.map(({ uri }) => uri), ...segments.filter(({ gap }) => gap !== true).map(({ uri }) => uri)];
}
