// What is pulled of the playlists of a source (RFC 8216): which variant, and which of its segments come next.
import { SourceFault } from '@millrace/ingest';
import { parseMediaPlaylist, parseMultivariantPlaylist } from '@millrace/protocol/hls';
import type { EncryptionKey, MediaPlaylist, MultivariantPlaylist, Variant } from '@millrace/protocol/hls';

/** Section 6.3.3: "the client SHOULD NOT choose a segment that starts less than three target durations from the end". */
const FROM_THE_END = 3;
/** Further behind, the segments between are left out. */
const MAX_BEHIND = 10;

/** Seconds that a segment lasts at most: deadlines are multiples of it, and a timer has a longest time. */
const MAX_TARGET_S = 300;
/** A source that lists segments faster than they play. */
const MAX_QUEUED = 2 * MAX_BEHIND;

export interface NextSegment {
  readonly url: URL;
  readonly durationMs: number;
  /** First and last byte of the resource. */
  readonly range: readonly [number, number] | undefined;
  readonly key: { readonly url: URL; readonly iv: Buffer } | undefined;
  /** Segments before it are missing: left out by the list, or by this reader. */
  readonly isBehindGap: boolean;
}

export interface ChosenVariant {
  readonly url: URL;
  /** Bits per second, as the list says. */
  readonly bandwidth: number;
  /** Its sound has a playlist of its own. */
  readonly isWithoutSound: boolean;
}

export const isMultivariant = (text: string): boolean => /^#EXT-X-STREAM-INF:/m.test(text);

/** Nothing is pulled of it; another variant may be MPEG-TS. */
export class FragmentedMp4 extends SourceFault {
  constructor() {
    super(
      'the playlist of the source lists fragmented MP4 (EXT-X-MAP), which is not pulled: give the address of one of MPEG-TS, such as index.m3u8 of Millrace, or of RTMP, RTSP or SRT',
    );
  }
}

/** Variants that are tried: which of them are MPEG-TS is known by their own playlists only. */
const MAX_VARIANTS = 8;

/** Those with the most bits per second first, but those with sound before all others. @throws SourceFault or ProtocolError */
export function chooseVariants(text: string, from: URL): readonly ChosenVariant[] {
  const playlist = parseMultivariantPlaylist(text);
  refuseVariables(playlist);
  const apart = groupsOfSound(playlist);
  const isWithoutSound = ({ audio }: Variant): boolean => audio !== undefined && apart.has(audio);
  if (playlist.variants.length === 0) throw new SourceFault('the playlist of the source lists no variant');
  return playlist.variants
    .toSorted((a, b) => Number(isWithoutSound(a)) - Number(isWithoutSound(b)) || b.bandwidth - a.bandwidth)
    .slice(0, MAX_VARIANTS)
    .map((variant) => ({
      url: addressOf(variant.uri, from),
      bandwidth: variant.bandwidth,
      isWithoutSound: isWithoutSound(variant),
    }));
}

/** Groups whose sound is in playlists of its own. */
const groupsOfSound = ({ renditions }: MultivariantPlaylist): ReadonlySet<string> =>
  new Set(renditions.filter(({ type, uri }) => type === 'AUDIO' && uri !== undefined).map(({ groupId }) => groupId));

/** Reads one media playlist again and again. */
export class SegmentQueue {
  readonly #queue: NextSegment[] = [];
  /** Of the segment that comes next; undefined before the first playlist. */
  #next: number | undefined;
  #hasEnded = false;
  targetMs = 0;

  /** Segments that are listed and were not taken. */
  get length(): number {
    return this.#queue.length;
  }

  /** Whether the source says that nothing will follow. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  take(): NextSegment | undefined {
    return this.#queue.shift();
  }

  /** @returns whether anything is new @throws SourceFault or ProtocolError */
  read(text: string, from: URL): boolean {
    const playlist = parseMediaPlaylist(text);
    refuseVariables(playlist);
    const { segments, mediaSequence, targetDuration } = playlist;
    if (playlist.iFramesOnly) throw new SourceFault('the playlist of the source lists keyframes only');
    if (targetDuration > MAX_TARGET_S)
      throw new SourceFault(`the playlist of the source has segments of more than ${MAX_TARGET_S} s`);
    this.targetMs = Math.max(1, targetDuration) * 1_000;
    if (this.#next === undefined && playlist.endList)
      throw new SourceFault('the playlist of the source is not live: it has ended');
    this.#hasEnded = playlist.endList;
    const end = mediaSequence + segments.length;
    const edge = Math.max(mediaSequence, end - FROM_THE_END);
    const hadNext = this.#next !== undefined;
    // A server that was started again counts from the beginning.
    const hasRestarted = this.#next !== undefined && end + MAX_BEHIND < this.#next;
    const isLate = this.#next !== undefined && (this.#next < mediaSequence || end - this.#next > MAX_BEHIND);
    let isBehindGap = hadNext && (hasRestarted || isLate);
    const first = this.#next === undefined || hasRestarted || isLate ? edge : this.#next;
    const keys = new KeysInForce();
    let rangeEnd = 0;
    let isNew = false;
    segments.forEach((segment, i) => {
      keys.take(segment.keys);
      const { byteRange } = segment;
      const start = byteRange && (byteRange.offset ?? rangeEnd);
      if (byteRange !== undefined && start !== undefined) rangeEnd = start + byteRange.length;
      if (segment.map !== undefined) throw new FragmentedMp4();
      const sequence = mediaSequence + i;
      if (sequence < first) return;
      isNew = true;
      if (segment.gap === true) return void (isBehindGap = true);
      this.#queue.push({
        url: addressOf(segment.uri, from),
        durationMs: Math.min(segment.duration, targetDuration + 1) * 1_000,
        range: byteRange && start !== undefined ? [start, start + byteRange.length - 1] : undefined,
        key: keys.at(sequence, from),
        isBehindGap,
      });
      isBehindGap = false;
    });
    this.#next = Math.max(end, first);
    if (this.#queue.length > MAX_QUEUED) {
      this.#queue.splice(0, this.#queue.length - FROM_THE_END);
      const [oldest] = this.#queue;
      if (oldest !== undefined) this.#queue[0] = { ...oldest, isBehindGap: true };
    }
    return isNew;
  }
}

/** Section 4.3.2.4: a key "applies to every Media Segment between it and the next EXT-X-KEY tag". */
class KeysInForce {
  #keys: readonly EncryptionKey[] = [];

  take(keys: readonly EncryptionKey[]): void {
    if (keys.length > 0) this.#keys = keys;
  }

  at(sequence: number, from: URL): NextSegment['key'] {
    const key = this.#keys.find(({ keyFormat = 'identity' }) => keyFormat === 'identity') ?? this.#keys[0];
    if (key === undefined || key.method === 'NONE') return undefined;
    if (key.method !== 'AES-128' || key.uri === undefined || (key.keyFormat ?? 'identity') !== 'identity')
      throw new SourceFault('the segments of the source are encrypted in a way that is not known: only AES-128 is');
    // Section 5.2: without IV, the media sequence number "as a big-endian binary representation" in 16 octets.
    const iv = Buffer.alloc(16);
    if (key.iv === undefined) iv.writeBigUInt64BE(BigInt(sequence), 8);
    else Buffer.from(key.iv.slice(2).padStart(32, '0'), 'hex').copy(iv);
    return { url: addressOf(key.uri, from), iv };
  }
}

function refuseVariables({ defines = [] }: Pick<MediaPlaylist, 'defines'>): void {
  if (defines.length > 0) throw new SourceFault('the playlist of the source uses variables, which are not known');
}

function addressOf(uri: string, from: URL): URL {
  const url = URL.canParse(uri, from.href) ? new URL(uri, from.href) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new SourceFault('the playlist of the source names what is no address of HTTP');
  url.username = '';
  url.password = '';
  url.hash = '';
  return url;
}
