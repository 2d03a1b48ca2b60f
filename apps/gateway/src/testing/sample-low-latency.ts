// A stream with low latency as a packager would commit it, with made-up bytes: pictures and sound whose parts come in step.
import { partName, renditionFile, RENDITIONS, renditionSegmentName } from '@millrace/live-store';
import type {
  CommittedFile,
  Lease,
  LiveStore,
  LowLatencyEntry,
  LowLatencyState,
  RenditionName,
  RenditionPlaylist,
} from '@millrace/live-store';
import { formatMediaPlaylist } from '@millrace/protocol/hls';
import type { PartialSegment } from '@millrace/protocol/hls';
import { SampleStream } from './sample-stream.ts';

const PARTS = 4;
const PART_S = 0.5;
const TICKS = 45_000;
const LISTED = 20;
const MAP = { name: 'map-0.mp4', contentType: 'video/mp4' };
const RETENTION_MS = 30_000;
export const PERIOD = { zeroMs: 1_795_000_000_000, start90k: 0 };

export const sampleBytes = (name: string): Buffer => Buffer.from(`the bytes of ${name}`);
const fileOf = (name: string): CommittedFile => ({ name, contentType: 'video/mp4', bytes: sampleBytes(name) });
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

export class SampleLowLatency {
  /** The number of the segment that is not whole. */
  head = 0;
  parts = 0;
  #step = 0;
  readonly #store: LiveStore;
  readonly #stream: SampleStream;
  readonly #lease: Lease;
  readonly #renditions: readonly RenditionName[];
  readonly #targetDuration: number;

  private constructor(
    store: LiveStore,
    stream: SampleStream,
    lease: Lease,
    renditions: readonly RenditionName[],
    targetDuration: number,
  ) {
    this.#store = store;
    this.#stream = stream;
    this.#lease = lease;
    this.#renditions = renditions;
    this.#targetDuration = targetDuration;
  }

  static async begin(
    store: LiveStore,
    streamId: string,
    renditions: readonly RenditionName[] = RENDITIONS,
    targetDuration = 2,
  ): Promise<SampleLowLatency> {
    const stream = await SampleStream.begin(store, streamId, { window: LISTED });
    return new SampleLowLatency(store, stream, stream.lease, renditions, targetDuration);
  }

  /** Makes the open segment whole. */
  async addSegment(ended = false): Promise<void> {
    this.head++;
    this.parts = 0;
    const files = this.#renditions.map((name) => fileOf(renditionSegmentName(name, this.head - 1)));
    const parts = this.#renditions.flatMap((name) =>
      range(PARTS).map((index) => fileOf(partName(name, this.head - 1, index))),
    );
    await this.#stream.add(ended, RETENTION_MS, {
      files: [...files, ...parts, fileOf(MAP.name)],
      lowLatency: this.#state(ended),
    });
  }

  async addPart(): Promise<void> {
    const files = this.#renditions.map((name) => fileOf(partName(name, this.head, this.parts)));
    this.parts++;
    const { outcome } = await this.#store.commitParts({
      lease: this.#lease,
      files,
      expectedMediaSequence: this.head,
      lowLatency: this.#state(false),
      retentionMs: RETENTION_MS,
      updatedAtMs: 0,
    });
    if (outcome !== 'committed') throw new Error(`not committed: ${outcome}`);
  }

  #state(ended: boolean): LowLatencyState {
    const playlists: { [Name in RenditionName]?: RenditionPlaylist } = {};
    for (const name of this.#renditions)
      playlists[name] = { text: this.#text(name, ended), nextMediaSequence: this.head, parts: this.parts };
    const listedParts = (mediaSequence: number, count: number) =>
      Object.fromEntries(
        this.#renditions.map((name) => [
          name,
          {
            name: renditionSegmentName(name, mediaSequence),
            ticks: TICKS * count,
            start90k: TICKS * PARTS * mediaSequence,
            map: MAP,
            programDateTimeMs: 0,
            parts: range(count).map((index) => ({
              name: partName(name, mediaSequence, index),
              ticks: TICKS,
              independent: true,
            })),
          },
        ]),
      );
    const entries = this.#listed().map((mediaSequence): LowLatencyEntry => {
      const common = { durationMs: 2_000, discontinuity: false, discontinuitySequence: 0, independent: true };
      return { mediaSequence, ...common, renditions: listedParts(mediaSequence, PARTS), period: PERIOD };
    });
    const open = { discontinuity: false, renditions: listedParts(this.head, this.parts) };
    return { step: ++this.#step, window: { partDurationMs: 500, entries, open }, playlists };
  }

  #listed(): number[] {
    const first = Math.max(0, this.head - LISTED);
    return range(this.head - first).map((index) => first + index);
  }

  #text(name: RenditionName, ended: boolean): string {
    const part = (mediaSequence: number, index: number): PartialSegment => ({
      uri: partName(name, mediaSequence, index),
      duration: PART_S,
      independent: true,
    });
    const common = { discontinuity: false, programDateTimeMs: undefined, keys: [], otherTags: [] };
    const [first = 0] = this.#listed();
    return formatMediaPlaylist({
      version: 9,
      targetDuration: this.#targetDuration,
      partTarget: PART_S,
      serverControl: {
        canBlockReload: true,
        canSkipUntil: 12,
        canSkipDateRanges: false,
        holdBack: 6,
        partHoldBack: 1.5,
      },
      mediaSequence: first,
      discontinuitySequence: 0,
      playlistType: undefined,
      independentSegments: true,
      iFramesOnly: false,
      start: undefined,
      endList: ended,
      segments: this.#listed().map((mediaSequence, index) => ({
        ...common,
        uri: renditionSegmentName(name, mediaSequence),
        duration: 2,
        title: '',
        byteRange: undefined,
        map: index === 0 ? { uri: MAP.name, byteRange: undefined } : undefined,
        ...(mediaSequence >= this.head - 3 && { parts: range(PARTS).map((at) => part(mediaSequence, at)) }),
      })),
      open:
        this.parts === 0
          ? undefined
          : { ...common, map: undefined, parts: range(this.parts).map((index) => part(this.head, index)) },
      preloadHints: ended ? [] : [{ type: 'PART', uri: partName(name, this.head, this.parts) }],
      renditionReports: this.#renditions
        .filter((other) => other !== name)
        .map((other) => ({ uri: renditionFile(other), lastMediaSequence: this.head, lastPart: undefined })),
      otherTags: [],
    });
  }
}
