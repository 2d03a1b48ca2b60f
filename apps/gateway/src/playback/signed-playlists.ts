// Playlists of signed playback ids: their URLs carry what the next request needs.
import { BoundedCache } from '../cache/bounded-cache.ts';
import type { SegmentSignatures } from './segment-signatures.ts';

/** RFC 8216 section 4.3.2.1. */
const DURATION = /^#EXTINF:([\d.]+)/;
/** Maps, and what low latency adds: parts, and what will be asked for next. */
const FILE_URI = /^(#EXT-X-(?:MAP|PART|PRELOAD-HINT):.*URI=")([^"]*)/;
/** Section 4.3.2.4. */
const KEY_URI = /^(#EXT-X-KEY:.*URI=")([^"]*)/;
const KEY_URIS = /^(#EXT-X-KEY:.*URI="[^"]*)/gm;
/** How far another rendition is: its address would have to be the viewer's own, and players do without. */
const REPORT = '#EXT-X-RENDITION-REPORT:';
const MAX_KEPT = 2_000;

interface Kept<T> {
  readonly source: T;
  readonly endS: number;
  readonly text: string;
  /** For all viewers; undefined where keys are named: each viewer has its own URL of them. */
  readonly signed: T | undefined;
}

/** A viewer that a playlist is for. */
export interface PlaylistViewer {
  /** Writes its ticket, for URLs. */
  readonly ticket: () => string;
  /** Whether each of its requests is checked: nothing that its playlists name is shared with others then. */
  readonly strict: boolean;
}

/** But for the keys, the same for all viewers of a playback id: made once for each version of the list. */
export class SignedPlaylists<T extends { readonly body: Uint8Array }> {
  readonly #kept = new BoundedCache<string, Kept<T>>(MAX_KEPT);
  readonly #signatures: SegmentSignatures;
  readonly #represent: (text: string) => T;

  constructor(signatures: SegmentSignatures, represent: (text: string) => T) {
    this.#signatures = signatures;
    this.#represent = represent;
  }

  /** @param file which of the playlists of the playback id */
  of(playbackId: string, file: string, source: T, nowMs: number, viewer: PlaylistViewer): T {
    if (viewer.strict) return this.#represent(ownUrls(Buffer.from(source.body).toString('utf8'), viewer.ticket()));
    const { text, signed } = this.#shared(playbackId, file, source, nowMs);
    return signed ?? this.#represent(text.replaceAll(KEY_URIS, `$1?viewer=${viewer.ticket()}`));
  }

  #shared(playbackId: string, file: string, source: T, nowMs: number): Kept<T> {
    const endS = this.#signatures.endFor(0, nowMs);
    const key = `${playbackId}/${file}`;
    const kept = this.#kept.get(key);
    if (kept?.source === source && kept.endS === endS) return kept;
    const text = this.#sign(playbackId, Buffer.from(source.body).toString('utf8'), nowMs);
    const signed = text.search(KEY_URIS) < 0 ? this.#represent(text) : undefined;
    const made = { source, endS, text, signed };
    this.#kept.set(key, made);
    return made;
  }

  #sign(playbackId: string, text: string, nowMs: number): string {
    const lines = text.split('\n');
    const windowS = lines.reduce((sum, line) => sum + Number(DURATION.exec(line)?.[1] ?? 0), 0);
    const endS = this.#signatures.endFor(windowS, nowMs);
    const urlOf = (name: string): string => `${name}?${this.#signatures.sign(playbackId, name, endS)}`;
    return withUrls(lines, urlOf, [FILE_URI]);
  }
}

/** Each URL is the viewer's own. */
const ownUrls = (text: string, ticket: string): string =>
  withUrls(text.split('\n'), (name) => `${name}?viewer=${ticket}`, [FILE_URI, KEY_URI]);

function withUrls(lines: readonly string[], urlOf: (name: string) => string, tags: readonly RegExp[]): string {
  return lines
    .filter((line) => !line.startsWith(REPORT))
    .map((line) => {
      if (line === '') return line;
      if (!line.startsWith('#')) return urlOf(line);
      return tags.reduce(
        (text, tag) => text.replace(tag, (_, before: string, name: string) => before + urlOf(name)),
        line,
      );
    })
    .join('\n');
}

const RENDITION_URI = /^(#EXT-X-MEDIA:.*URI="[^"]*)"/;

/** The multivariant playlist of one viewer: its media playlists are this viewer's own. */
export const multivariantFor = (text: string, ticket: string): string =>
  text
    .split('\n')
    .map((line) => {
      if (line.startsWith('#')) return line.replace(RENDITION_URI, `$1?viewer=${ticket}"`);
      return line === '' ? line : `${line}?viewer=${ticket}`;
    })
    .join('\n');
