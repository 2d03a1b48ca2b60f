// Watches a live playlist as a sceptical viewer: keeps every version and every segment, and notes what must never happen.
import { createDecipheriv, createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

export interface RecordedSegment {
  readonly mediaSequence: number;
  readonly uri: string;
  readonly durationSeconds: number;
  readonly discontinuity: boolean;
  readonly programDateTime: string | undefined;
  /** Of its AES-128 key; undefined: not encrypted. */
  readonly keyUri: string | undefined;
  /** As a player has it: decrypted. */
  readonly bytes: Buffer;
  /** Of what was served. */
  readonly digest: string;
}

export interface PlaylistVersion {
  readonly atMs: number;
  readonly text: string;
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  readonly targetDuration: number;
  readonly ended: boolean;
  readonly uris: readonly string[];
}

interface ListedSegment extends Omit<RecordedSegment, 'bytes' | 'digest'> {
  readonly discontinuityNumber: number;
}

export class HlsRecorder {
  readonly versions: PlaylistVersion[] = [];
  readonly segments = new Map<number, RecordedSegment>();
  /** Every rule that was broken, as text. */
  readonly faults: string[] = [];
  readonly #listed = new Map<number, ListedSegment>();
  #polling: Promise<void> | undefined;
  #stopped = false;

  constructor(
    readonly url: string,
    readonly options: { readonly pollMs?: number } = {},
  ) {}

  start(): this {
    this.#polling = this.#poll();
    return this;
  }

  async stop(): Promise<this> {
    this.#stopped = true;
    await this.#polling;
    return this;
  }

  get last(): PlaylistVersion | undefined {
    return this.versions.at(-1);
  }

  /** Segments in the order of their numbers. */
  get ordered(): RecordedSegment[] {
    return [...this.segments.values()].sort((a, b) => a.mediaSequence - b.mediaSequence);
  }

  /** The longest time between two new versions, in milliseconds, from `fromMs` on. */
  longestGapMs(fromMs = 0): number {
    const times = this.versions.filter((v) => v.atMs >= fromMs).map((v) => v.atMs);
    return Math.max(0, ...times.slice(1).map((t, i) => t - times[i]!));
  }

  /** Waits until something holds of what was recorded. */
  async until(what: string, holds: (recorder: this) => boolean, timeoutMs = 30_000): Promise<void> {
    for (const end = Date.now() + timeoutMs; !holds(this); await delay(50)) {
      if (Date.now() > end) {
        throw new Error(
          `not within ${timeoutMs} ms: ${what}\nlast playlist: ${this.last?.text ?? 'none'}\nfaults: ${this.faults.join('\n')}`,
        );
      }
    }
  }

  async #poll(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#pollOnce();
      } catch {
        // A gateway that is down is part of many tests; what it must not do is show up in `faults`.
        await delay(50);
      }
      await delay(this.options.pollMs ?? 100);
    }
  }

  async #pollOnce(): Promise<void> {
    const answer = await fetch(this.url, { signal: AbortSignal.timeout(15_000) });
    const text = await answer.text();
    if (answer.status !== 200 || text === this.last?.text) return;
    const version = this.#accept(text);
    for (const [i, uri] of version.uris.entries()) {
      const mediaSequence = version.mediaSequence + i;
      if (!this.segments.has(mediaSequence)) await this.#fetchSegment(mediaSequence, uri);
    }
  }

  async #fetchSegment(mediaSequence: number, uri: string): Promise<void> {
    const answer = await fetch(new URL(uri, this.url), { signal: AbortSignal.timeout(15_000) });
    if (answer.status !== 200) {
      if (answer.status === 404) this.faults.push(`segment ${mediaSequence} is listed but answers 404`);
      return;
    }
    const listed = this.#listed.get(mediaSequence)!;
    const served = Buffer.from(await answer.arrayBuffer());
    const bytes = await this.#decrypted(listed, served);
    this.segments.set(mediaSequence, { ...listed, bytes, digest: digestOf(served) });
  }

  /** RFC 8216 section 5.2: without another one, the media sequence is the IV. */
  async #decrypted({ mediaSequence, keyUri }: ListedSegment, served: Buffer): Promise<Buffer> {
    if (keyUri === undefined) return served;
    const answer = await fetch(new URL(keyUri, this.url), { signal: AbortSignal.timeout(15_000) });
    if (answer.status !== 200) throw new Error(`${keyUri} answers ${answer.status}`);
    const iv = Buffer.from(mediaSequence.toString(16).padStart(32, '0'), 'hex');
    const decipher = createDecipheriv('aes-128-cbc', Buffer.from(await answer.arrayBuffer()), iv);
    return Buffer.concat([decipher.update(served), decipher.final()]);
  }

  #accept(text: string): PlaylistVersion {
    const number = (tag: string, fallback: number): number =>
      Number(new RegExp(`^#${tag}:(\\d+)$`, 'm').exec(text)?.[1] ?? fallback);
    const mediaSequence = number('EXT-X-MEDIA-SEQUENCE', 0);
    const discontinuitySequence = number('EXT-X-DISCONTINUITY-SEQUENCE', 0);
    const listed = listSegments(text, mediaSequence, discontinuitySequence);
    const version: PlaylistVersion = {
      atMs: Date.now(),
      text,
      mediaSequence,
      discontinuitySequence,
      targetDuration: number('EXT-X-TARGETDURATION', 0),
      ended: text.includes('#EXT-X-ENDLIST'),
      uris: listed.map((s) => s.uri),
    };
    this.#compare(version, listed);
    this.versions.push(version);
    for (const segment of listed)
      if (!this.#listed.has(segment.mediaSequence)) this.#listed.set(segment.mediaSequence, segment);
    return version;
  }

  #compare(version: PlaylistVersion, listed: ListedSegment[]): void {
    const before = this.last;
    if (before) {
      if (version.mediaSequence < before.mediaSequence)
        this.faults.push(`media sequence ${version.mediaSequence} after ${before.mediaSequence}`);
      const newest = version.mediaSequence + version.uris.length;
      const newestBefore = before.mediaSequence + before.uris.length;
      if (newest < newestBefore) this.faults.push(`newest segment ${newest - 1} after ${newestBefore - 1}`);
      if (version.targetDuration !== before.targetDuration && !before.ended)
        this.faults.push(`target duration ${version.targetDuration} after ${before.targetDuration}`);
      if (version.discontinuitySequence < before.discontinuitySequence) {
        this.faults.push(
          `discontinuity sequence ${version.discontinuitySequence} after ${before.discontinuitySequence}`,
        );
      }
    }
    for (const segment of listed) {
      if (Math.round(segment.durationSeconds) > version.targetDuration) {
        this.faults.push(
          `segment ${segment.mediaSequence} lasts ${segment.durationSeconds}, over ${version.targetDuration}`,
        );
      }
      const known = this.#listed.get(segment.mediaSequence);
      if (known && JSON.stringify(known) !== JSON.stringify(segment)) {
        this.faults.push(
          `segment ${segment.mediaSequence} changed from ${JSON.stringify(known)} to ${JSON.stringify(segment)}`,
        );
      }
    }
  }

  /** Fetches each recorded segment that is still there once more: a number's bytes must never change. */
  async verifyUnchanged(): Promise<void> {
    for (const segment of this.segments.values()) {
      const answer = await fetch(new URL(segment.uri, this.url), { signal: AbortSignal.timeout(15_000) });
      const bytes = Buffer.from(await answer.arrayBuffer());
      if (answer.status === 200 && digestOf(bytes) !== segment.digest)
        this.faults.push(`segment ${segment.mediaSequence} has other bytes now`);
    }
  }
}

const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

function listSegments(text: string, mediaSequence: number, discontinuitySequence: number): ListedSegment[] {
  const out: ListedSegment[] = [];
  let durationSeconds = 0;
  let discontinuity = false;
  let discontinuityNumber = discontinuitySequence;
  let programDateTime: string | undefined;
  let keyUri: string | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('#EXTINF:')) durationSeconds = Number.parseFloat(line.slice(8));
    else if (line === '#EXT-X-DISCONTINUITY') {
      discontinuity = true;
      discontinuityNumber++;
    } else if (line.startsWith('#EXT-X-PROGRAM-DATE-TIME:')) programDateTime = line.slice(25);
    else if (line.startsWith('#EXT-X-KEY:')) keyUri = /METHOD=AES-128,URI="([^"]*)"/.exec(line)?.[1];
    else if (line !== '' && !line.startsWith('#')) {
      out.push({
        mediaSequence: mediaSequence + out.length,
        uri: line,
        durationSeconds,
        discontinuity,
        discontinuityNumber,
        programDateTime,
        keyUri,
      });
      discontinuity = false;
      programDateTime = undefined;
    }
  }
  return out;
}
