// A stream as a packager would commit it, with made-up bytes.
import type { ResumePoint } from '@millrace/domain';
import type {
  CommittedFile,
  Lease,
  LiveStore,
  LowLatencyState,
  PlaylistState,
  SegmentEntry,
} from '@millrace/live-store';

const SEGMENT_MS = 2_000;
const LEASE_MS = 60_000;
const START_MS = 1_795_000_000_000;

/** The first segment with its key; undefined without keys. */
const keySequenceOf = (mediaSequence: number, keyEvery: number): number | undefined =>
  keyEvery === 0 ? undefined : mediaSequence - (mediaSequence % keyEvery);

function sampleSegmentName(mediaSequence: number, keyEvery: number): string {
  const keySequence = keySequenceOf(mediaSequence, keyEvery);
  return keySequence === undefined ? `${mediaSequence}-0a.ts` : `${mediaSequence}.k${keySequence}.ts`;
}

export function sampleSegmentBytes(mediaSequence: number, length = 4_096): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + mediaSequence) & 0xff);
}

/** Commits segment after segment to a live store. */
export class SampleStream {
  #head = 0;
  readonly #store: LiveStore;
  readonly lease: Lease;
  readonly #window: number;
  readonly #segmentBytes: number;
  readonly #sessionId: string;
  readonly #keyEvery: number;

  private constructor(
    store: LiveStore,
    readonly streamId: string,
    lease: Lease,
    window: number,
    segmentBytes: number,
    sessionId: string,
    keyEvery: number,
  ) {
    this.#store = store;
    this.lease = lease;
    this.#window = window;
    this.#segmentBytes = segmentBytes;
    this.#sessionId = sessionId;
    this.#keyEvery = keyEvery;
  }

  /** `window`: how many segments the playlist lists; `keyEvery`: how many have the same key, 0 without encryption. */
  static async begin(
    store: LiveStore,
    streamId: string,
    { window = 5, segmentBytes = 4_096, sessionId = 'ses_00000000000000000000000000', keyEvery = 0 } = {},
  ): Promise<SampleStream> {
    const lease = await store.acquireLease(streamId, 'packager-1', LEASE_MS);
    if (lease === undefined) throw new Error('another packager has this stream');
    return new SampleStream(store, streamId, lease, window, segmentBytes, sessionId, keyEvery);
  }

  /** Adds a segment; with `ended`, the last one. @param more of a stream with low latency @returns its name */
  async add(
    ended = false,
    retentionMs = 30_000,
    more?: { readonly files: readonly CommittedFile[]; readonly lowLatency: LowLatencyState },
  ): Promise<string> {
    const mediaSequence = this.#head++;
    const outcome = await this.#store.commit({
      lease: this.lease,
      segments: [
        { entry: entryOf(mediaSequence, this.#keyEvery), bytes: sampleSegmentBytes(mediaSequence, this.#segmentBytes) },
      ],
      ...(more && { files: more.files }),
      playlist: { ...this.playlist(ended), ...(more && { lowLatency: more.lowLatency }) },
      expectedMediaSequence: mediaSequence === 0 ? undefined : mediaSequence,
      retentionMs,
    });
    if (outcome.outcome !== 'committed') throw new Error(`not committed: ${outcome.outcome}`);
    return sampleSegmentName(mediaSequence, this.#keyEvery);
  }

  /** What the playlist must say now. */
  playlist(ended = false): PlaylistState {
    const first = Math.max(0, this.#head - this.#window);
    const listed = Array.from({ length: this.#head - first }, (_, i) => first + i);
    return {
      streamId: this.streamId,
      sessionId: this.#sessionId,
      text: playlistText(first, listed, ended, this.#keyEvery),
      segments: listed.map((mediaSequence) => entryOf(mediaSequence, this.#keyEvery)),
      ended,
      head: resumePoint(this.#head),
      resumePoints: listed.map(resumePoint),
      description: {
        codecs: ['avc1.64001f', 'mp4a.40.2'],
        width: 1280,
        height: 720,
        frameRate: 30,
        peakBitsPerSecond: 3_000_000,
        averageBitsPerSecond: 2_500_000,
      },
      updatedAtMs: START_MS + this.#head * SEGMENT_MS,
    };
  }
}

function playlistText(first: number, listed: readonly number[], ended: boolean, keyEvery: number): string {
  const lines = ['#EXTM3U', '#EXT-X-VERSION:3', '#EXT-X-TARGETDURATION:2', `#EXT-X-MEDIA-SEQUENCE:${first}`];
  for (const [i, mediaSequence] of listed.entries()) {
    const key = keySequenceOf(mediaSequence, keyEvery);
    if (key !== undefined && (i === 0 || key === mediaSequence))
      lines.push(`#EXT-X-KEY:METHOD=AES-128,URI="keys/${key}"`);
    lines.push('#EXTINF:2.0,', sampleSegmentName(mediaSequence, keyEvery));
  }
  if (ended) lines.push('#EXT-X-ENDLIST');
  return `${lines.join('\n')}\n`;
}

const entryOf = (mediaSequence: number, keyEvery: number): SegmentEntry => ({
  mediaSequence,
  name: sampleSegmentName(mediaSequence, keyEvery),
  durationMs: SEGMENT_MS,
  bytes: 4_096,
  discontinuity: false,
  discontinuitySequence: 0,
  independent: true,
  programDateTimeMs: START_MS + mediaSequence * SEGMENT_MS,
  contentType: 'video/mp2t',
});

const resumePoint = (mediaSequence: number): ResumePoint => ({
  position: { epoch: START_MS, sequence: mediaSequence * 100 + 1 },
  mediaSequence,
  discontinuitySequence: 0,
  discontinuity: false,
  container: { name: 'mpegts', state: { pat: 0, pmt: 0, video: 0, audio: 0 } },
  targetDurationSeconds: 2,
  epochZeroMs: START_MS,
  sessionId: 'ses_00000000000000000000000000',
});
