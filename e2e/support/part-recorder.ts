// A low-latency client that loads a rendition as players do, with blocking reloads and preload hints, keeps every part and segment,
// and finds what must never happen.
import { createHash } from 'node:crypto';
import type { MediaPlaylist } from '@millrace/protocol/hls';
import { checkLowLatency, checkMediaPlaylist, parseMediaPlaylist } from '@millrace/protocol/hls/testing';

const REQUEST_MS = 20_000;

export class PartRecorder {
  /** Bytes of each part, by its name, in the order in which they were listed. */
  readonly parts = new Map<string, Buffer>();
  readonly segments = new Map<string, Buffer>();
  readonly faults: string[] = [];
  /** How often a reload was answered after it had waited. */
  reloads = 0;
  last: MediaPlaylist | undefined;
  readonly #playlistUrl: string;
  readonly #loading = new Map<string, Promise<void>>();
  #running: Promise<void> | undefined;
  #isStopped = false;

  /** @param playlistUrl of a rendition */
  constructor(playlistUrl: string) {
    this.#playlistUrl = playlistUrl;
  }

  start(): this {
    this.#running = this.#run();
    return this;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
    await Promise.all(this.#loading.values());
  }

  /** The names of parts by the segment that they are of. */
  get listedParts(): readonly string[] {
    return [...this.parts.keys()];
  }

  async #run(): Promise<void> {
    let query = '';
    while (!this.#isStopped) {
      const response = await fetch(this.#playlistUrl + query, { signal: AbortSignal.timeout(REQUEST_MS) });
      if (response.status !== 200) {
        await response.arrayBuffer();
        this.faults.push(`playlist ${query}: ${response.status}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
        continue;
      }
      const next = parseMediaPlaylist(await response.text());
      this.#check(next);
      this.last = next;
      this.reloads++;
      this.#loadFiles(next);
      if (next.endList) return;
      const open = next.mediaSequence + next.segments.length;
      query = `?_HLS_msn=${open}&_HLS_part=${next.open?.parts.length ?? 0}`;
    }
  }

  #check(next: MediaPlaylist): void {
    for (const { rule, detail } of [...checkLowLatency(this.last, next), ...checkMediaPlaylist(this.last, next)])
      this.faults.push(`${rule}: ${detail}`);
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
    const response = await fetch(new URL(uri, this.#playlistUrl), { signal: AbortSignal.timeout(REQUEST_MS) });
    const bytes = Buffer.from(await response.arrayBuffer());
    if (response.status === 200) into.set(uri, bytes);
    // A hint that was given up, as nothing came for long: it is asked for again once it is listed.
    else if (isHint && response.status === 404) this.#loading.delete(uri);
    else this.faults.push(`${uri}: ${response.status}`);
  }

  /** Loads everything once more: no address may have other bytes. */
  async verifyUnchanged(): Promise<void> {
    for (const [uri, bytes] of [...this.parts, ...this.segments]) {
      const again = await fetch(new URL(uri, this.#playlistUrl));
      // What has left the list for long may be gone.
      if (again.status === 404) continue;
      if (!Buffer.from(await again.arrayBuffer()).equals(bytes)) this.faults.push(`${uri} has other bytes now`);
    }
  }

  /** Compares each whole segment with its parts. @returns how many were compared */
  compareWithSegments(): number {
    let compared = 0;
    for (const [uri, bytes] of this.segments) {
      const prefix = uri.slice(0, -'m4s'.length);
      const parts = [...this.parts].filter(([name]) => name.startsWith(prefix)).sort(byIndex);
      if (parts.length === 0) continue;
      // A client that joined in the middle of a segment may lack the first ones: those that it has are where they should be.
      const whole = Buffer.concat(parts.map(([, part]) => part));
      if (!parts[0]![0].endsWith('.0.m4s')) continue;
      if (digest(whole) !== digest(bytes)) this.faults.push(`${uri} is not its parts one after another`);
      compared++;
    }
    return compared;
  }
}

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const indexOf = (name: string): number => Number(name.split('.')[1]);
const byIndex = ([a]: [string, Buffer], [b]: [string, Buffer]): number => indexOf(a) - indexOf(b);
