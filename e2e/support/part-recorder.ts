// A low-latency client that loads a rendition as players do, with blocking reloads, delta updates and preload hints, keeps every part
// and segment, and finds what must never happen.
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { MediaPlaylist, MediaSegment, RenditionReport } from '@millrace/protocol/hls';
import {
  applyDelta,
  checkDelta,
  checkLowLatency,
  checkMediaPlaylist,
  newestOf,
  parseMediaPlaylist,
} from '@millrace/protocol/hls/testing';

const REQUEST_MS = 20_000;
const RETRY_MS = 100;
/** How long what is listed may be missing where servers may fail. */
const MISSING_MS = 10_000;
/** So many delta updates are compared with the whole playlist, and then one in so many. */
const COMPARED_FIRST = 10;
const COMPARED_EVERY = 3;
/** How long that may take. */
const COMPARED_MS = 120_000;

export interface PartRecorderOptions {
  /** Whether requests may fail: servers are killed. They are sent again, as players do. */
  readonly serversFail?: boolean;
}

export class PartRecorder {
  /** Bytes of each part, by its name, in the order in which they were listed. */
  readonly parts = new Map<string, Buffer>();
  readonly segments = new Map<string, Buffer>();
  readonly faults: string[] = [];
  /** How often a reload was answered after it had waited. */
  reloads = 0;
  /** How many delta updates were compared with the whole playlist. */
  comparedDeltas = 0;
  /** How many reports were compared with the other rendition. */
  comparedReports = 0;
  last: MediaPlaylist | undefined;
  /** The name of its playlist, as others report of it. */
  readonly file: string;
  readonly #playlistUrl: string;
  readonly #options: PartRecorderOptions;
  readonly #loading = new Map<string, Promise<void>>();
  /** The names of parts by the number of their segment, as they were listed. */
  readonly #partsOf = new Map<number, readonly string[]>();
  readonly #segmentAt = new Map<number, string>();
  readonly #reports: RenditionReport[] = [];
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  /** @param playlistUrl of a rendition */
  constructor(playlistUrl: string, options: PartRecorderOptions = {}) {
    this.#playlistUrl = playlistUrl;
    this.#options = options;
    this.file = new URL(playlistUrl).pathname.split('/').at(-1)!;
  }

  start(): this {
    this.#running = this.#run();
    return this;
  }

  /** Goes on until so many reloads were answered, and so many of their delta updates compared with the whole playlist. */
  async untilCompared({ reloads, deltas }: { readonly reloads: number; readonly deltas: number }): Promise<void> {
    for (const end = performance.now() + COMPARED_MS; this.reloads < reloads || this.comparedDeltas < deltas;) {
      if (performance.now() > end)
        throw new Error(`${this.file}: ${this.reloads} reloads, ${this.comparedDeltas} delta updates compared`);
      await delay(RETRY_MS);
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await Promise.all(this.#loading.values());
  }

  /** The names of parts by the segment that they are of. */
  get listedParts(): readonly string[] {
    return [...this.parts.keys()];
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const next = await this.#reload();
      if (next === undefined) {
        await delay(RETRY_MS);
        continue;
      }
      for (const { rule, detail } of [...checkLowLatency(this.last, next), ...checkMediaPlaylist(this.last, next)])
        this.faults.push(`${rule}: ${detail}`);
      this.last = next;
      this.reloads++;
      this.#reports.push(...(next.renditionReports ?? []));
      this.#note(next);
      this.#loadFiles(next);
      if (next.endList) return;
    }
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** @returns undefined when there was no playlist this time */
  async #reload(): Promise<MediaPlaylist | undefined> {
    const { last } = this;
    if (last === undefined) return this.#loadPlaylist('');
    const open = last.mediaSequence + last.segments.length;
    const query = `?_HLS_msn=${open}&_HLS_part=${last.open?.parts.length ?? 0}`;
    const isCompared = this.comparedDeltas < COMPARED_FIRST || this.reloads % COMPARED_EVERY === 0;
    const [delta, whole] = await Promise.all([
      this.#loadPlaylist(`${query}&_HLS_skip=YES`),
      isCompared ? this.#loadPlaylist(query) : undefined,
    ]);
    if (delta === undefined) return undefined;
    // Another part may have come between the two answers.
    const same = whole !== undefined && JSON.stringify(newestOf(whole)) === JSON.stringify(newestOf(delta));
    // What other renditions have may differ between the two.
    const expected = same ? { ...whole, renditionReports: delta.renditionReports } : undefined;
    for (const { rule, detail } of checkDelta(last, delta, expected)) this.faults.push(`${rule}: ${detail}`);
    if (same && delta.skip !== undefined) this.comparedDeltas++;
    return applyDelta(last, delta);
  }

  async #loadPlaylist(query: string): Promise<MediaPlaylist | undefined> {
    const answer = await this.#get(this.#playlistUrl + query);
    if (answer?.status === 200) return parseMediaPlaylist(answer.body.toString());
    if (answer !== undefined && this.#options.serversFail !== true)
      this.faults.push(`playlist ${query}: ${answer.status}`);
    return undefined;
  }

  /** @returns undefined when it was stopped, or failed where that may be */
  async #get(url: string | URL): Promise<{ readonly status: number; readonly body: Buffer } | undefined> {
    try {
      const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(REQUEST_MS)]);
      const response = await fetch(url, { signal });
      return { status: response.status, body: Buffer.from(await response.arrayBuffer()) };
    } catch (error) {
      if (!this.#isStopped && this.#options.serversFail !== true) this.faults.push(`${String(url)}: ${String(error)}`);
      return undefined;
    }
  }

  #note({ mediaSequence, segments, open }: MediaPlaylist): void {
    const note = (number: number, { parts }: Pick<MediaSegment, 'parts'>): void => {
      if (parts !== undefined && parts.length > 0)
        this.#partsOf.set(
          number,
          parts.map(({ uri }) => uri),
        );
    };
    for (const [index, segment] of segments.entries()) {
      if (segment.gap !== true) this.#segmentAt.set(mediaSequence + index, segment.uri);
      note(mediaSequence + index, segment);
    }
    if (open !== undefined) note(mediaSequence + segments.length, open);
  }

  #loadFiles({ segments, open, preloadHints = [] }: MediaPlaylist): void {
    for (const { uri, parts = [], gap } of segments) {
      for (const part of parts) this.#load(part.uri, this.parts);
      if (gap !== true) this.#load(uri, this.segments);
    }
    for (const part of open?.parts ?? []) this.#load(part.uri, this.parts);
    // Asked for before it is there.
    for (const { uri } of preloadHints) this.#load(uri, this.parts, true);
  }

  #load(uri: string, into: Map<string, Buffer>, isHint = false): void {
    if (!this.#loading.has(uri)) this.#loading.set(uri, this.#fetch(uri, into, isHint));
  }

  async #fetch(uri: string, into: Map<string, Buffer>, isHint: boolean): Promise<void> {
    const untilMs = performance.now() + (this.#options.serversFail === true ? MISSING_MS : 0);
    for (;;) {
      const answer = await this.#get(new URL(uri, this.#playlistUrl));
      if (answer?.status === 200) return void into.set(uri, answer.body);
      if (this.#isStopped) return;
      // A hint that was given up, as nothing came for long: it is asked for again once it is listed.
      if (isHint && answer?.status === 404) break;
      if (performance.now() > untilMs) return void this.faults.push(`${uri}: ${answer?.status ?? 'no answer'}`);
      await delay(RETRY_MS);
    }
    this.#loading.delete(uri);
  }

  /** Loads everything once more: no address may have other bytes. */
  async verifyUnchanged(): Promise<void> {
    for (const [uri, bytes] of [...this.parts, ...this.segments]) {
      const again = await fetch(new URL(uri, this.#playlistUrl));
      const body = Buffer.from(await again.arrayBuffer());
      // What has left the list for long may be gone.
      if (again.status !== 200) continue;
      if (!body.equals(bytes)) this.faults.push(`${uri} has other bytes now`);
    }
  }

  /** Compares each whole segment with its parts, as they were listed. @returns how many were compared */
  compareWithSegments(): number {
    let compared = 0;
    for (const [number, uri] of this.#segmentAt) {
      const names = this.#partsOf.get(number);
      const whole = this.segments.get(uri);
      if (names === undefined || whole === undefined) continue;
      const parts = names.flatMap((name) => this.parts.get(name) ?? []);
      if (digest(Buffer.concat(parts)) !== digest(whole)) this.faults.push(`${uri} is not its parts one after another`);
      compared++;
    }
    return compared;
  }

  /**
   * Compares what this one's playlists reported of another rendition with that: a report is of a part, or of a segment, that there was.
   */
  compareReports(other: PartRecorder): void {
    const known = [...other.#partsOf.keys()];
    for (const { uri, lastMediaSequence, lastPart } of this.#reports) {
      // It began later, or ended sooner.
      const isSeen = lastMediaSequence >= Math.min(...known) && lastMediaSequence < Math.max(...known);
      if (uri.split('?')[0] !== other.file || !isSeen) continue;
      this.comparedReports++;
      const there = lastPart === undefined ? 0 : (other.#partsOf.get(lastMediaSequence)?.length ?? 0);
      if (lastPart !== undefined && lastPart >= there)
        this.faults.push(`${this.file} reported part ${lastPart} of segment ${lastMediaSequence} of ${uri}`);
    }
  }
}

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
