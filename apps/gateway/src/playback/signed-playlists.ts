// Playlists of signed playback ids: their URLs carry what the next request needs.
import { BoundedCache } from '../cache/bounded-cache.ts';
import type { SegmentSignatures } from './segment-signatures.ts';

/** RFC 8216 section 4.3.2.1. */
const DURATION = /^#EXTINF:([\d.]+)/;
const MAP_URI = /^(#EXT-X-MAP:.*URI=")([^"]*)/;
const MAX_KEPT = 2_000;

interface Kept<T> {
  readonly source: T;
  readonly endS: number;
  readonly signed: T;
}

/** The same for all viewers of a playback id: made once for each version of the list. */
export class SignedPlaylists<T extends { readonly body: Uint8Array }> {
  readonly #kept = new BoundedCache<string, Kept<T>>(MAX_KEPT);
  readonly #signatures: SegmentSignatures;
  readonly #represent: (text: string) => T;

  constructor(signatures: SegmentSignatures, represent: (text: string) => T) {
    this.#signatures = signatures;
    this.#represent = represent;
  }

  of(playbackId: string, source: T, nowMs: number): T {
    const kept = this.#kept.get(playbackId);
    if (kept?.source === source && kept.endS === this.#signatures.endFor(0, nowMs)) return kept.signed;
    const text = Buffer.from(source.body).toString('utf8');
    const signed = this.#represent(this.#sign(playbackId, text, nowMs));
    this.#kept.set(playbackId, { source, endS: this.#signatures.endFor(0, nowMs), signed });
    return signed;
  }

  #sign(playbackId: string, text: string, nowMs: number): string {
    const lines = text.split('\n');
    const windowS = lines.reduce((sum, line) => sum + Number(DURATION.exec(line)?.[1] ?? 0), 0);
    const endS = this.#signatures.endFor(windowS, nowMs);
    const urlOf = (name: string): string => `${name}?${this.#signatures.sign(playbackId, name, endS)}`;
    return lines
      .map((line) => {
        if (line === '') return line;
        if (!line.startsWith('#')) return urlOf(line);
        return line.replace(MAP_URI, (_, before: string, name: string) => before + urlOf(name));
      })
      .join('\n');
  }
}

/** The multivariant playlist of one viewer: its media playlists are this viewer's own. */
export const multivariantFor = (text: string, ticket: string): string =>
  text
    .split('\n')
    .map((line) => (line === '' || line.startsWith('#') ? line : `${line}?viewer=${ticket}`))
    .join('\n');
