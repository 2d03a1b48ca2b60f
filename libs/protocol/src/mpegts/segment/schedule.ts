// The order of a segment's packets. One procedure serves counting and writing, so that the two cannot disagree.
import type { AudioPes, MetadataPes, PesPlan, VideoPes } from './pes-plan.ts';
import { MAX_FILLED_GAP_90K, MAX_PCR_INTERVAL_90K, TABLES_INTERVAL_90K } from './segment-options.ts';

/** Where scheduled packets go: a counter or a writer. */
export interface PacketSink {
  /** PAT and PMT. */
  tables(): void;
  /** A packet with nothing but the PCR that belongs to this decode time. */
  clock(dts90k: number): void;
  /** @param withPcr whether the packet carries the PCR of its decode time */
  pes(plan: PesPlan, withPcr: boolean): void;
}

/**
 * Puts tables first, then the PES packets in the order of their decode times (video first among equals), and between them
 * what keeps the intervals of tables and PCR. Packets of one kind stay in the order they came in.
 * @param pcrKind whose packets carry the PCR: video, unless the program has none
 * @param endDts90k decode time at which the next segment begins, when known: PCRs go on up to there
 */
export function schedule(
  video: readonly VideoPes[],
  audio: readonly AudioPes[],
  pcrKind: PesPlan['kind'],
  endDts90k: number | undefined,
  sink: PacketSink,
  metadata: readonly MetadataPes[] = [],
): void {
  sink.tables();
  let clock: PcrClock | undefined;
  let nextVideo = 0;
  let nextAudio = 0;
  let nextMetadata = 0;
  while (nextVideo < video.length || nextAudio < audio.length || nextMetadata < metadata.length) {
    const picture = video[nextVideo];
    const sound = audio[nextAudio];
    const media = sound === undefined || (picture !== undefined && picture.dts90k <= sound.dts90k) ? picture : sound;
    const tag = metadata[nextMetadata];
    // Media first among equals, and at the beginning, where the clock starts.
    const isTagNext = clock !== undefined && tag !== undefined && (media === undefined || tag.dts90k < media.dts90k);
    const plan = isTagNext ? tag : media;
    if (plan === undefined) break;
    if (plan.kind === 'video') nextVideo++;
    else if (plan.kind === 'audio') nextAudio++;
    else nextMetadata++;
    if (clock === undefined) {
      clock = new PcrClock(plan.dts90k, sink);
      // Where the track that carries PCRs has paused, the segment must have one all the same.
      if ((pcrKind === 'video' ? video : audio).length === 0) sink.clock(plan.dts90k);
    }
    clock.advance(plan.dts90k);
    const withPcr = plan.kind === pcrKind;
    sink.pes(plan, withPcr);
    if (withPcr) clock.lastPcr = plan.dts90k;
  }
  if (endDts90k !== undefined) clock?.fill(endDts90k);
}

/** Knows when PCR and tables were last sent, in decode time. */
class PcrClock {
  lastPcr: number;
  private lastTables: number;
  private readonly sink: PacketSink;

  constructor(start: number, sink: PacketSink) {
    this.lastPcr = start;
    this.lastTables = start;
    this.sink = sink;
  }

  /** Sends what is due before a packet of this decode time. */
  advance(dts90k: number): void {
    this.fill(dts90k);
    this.sendTables(dts90k);
  }

  /** Sends PCRs up to this decode time, and tables where they fall due on the way. */
  fill(dts90k: number): void {
    if (dts90k - this.lastPcr > MAX_FILLED_GAP_90K) this.lastPcr = dts90k;
    while (dts90k - this.lastPcr > MAX_PCR_INTERVAL_90K) {
      this.lastPcr += MAX_PCR_INTERVAL_90K;
      this.sendTables(this.lastPcr);
      this.sink.clock(this.lastPcr);
    }
  }

  private sendTables(now: number): void {
    if (now - this.lastTables < TABLES_INTERVAL_90K) return;
    this.lastTables = now;
    this.sink.tables();
  }
}
