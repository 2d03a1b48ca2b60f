// The order of a segment's packets. PES packets are planned first, so that the size of the segment is known before a byte is written;
// one procedure serves counting and writing, so that the two cannot disagree.
import { TS_PAYLOAD_BYTES } from '../packet.ts';
import { pesHeaderBytes } from '../pes.ts';
import type { AccessUnit, TimedTag } from './segment-options.ts';
import { MAX_FILLED_GAP_90K, MAX_PCR_INTERVAL_90K, TABLES_INTERVAL_90K } from './segment-options.ts';

interface PesTiming {
  /** Unwrapped, on the timeline of the access units. */
  readonly dts90k: number;
  readonly pts90k: number;
  /** Bytes of elementary stream. */
  readonly dataBytes: number;
  readonly randomAccess: boolean;
}

export interface VideoPes extends PesTiming {
  readonly kind: 'video';
  readonly unit: AccessUnit;
  /** What it contains, as bits of `AccessUnitFlag`. */
  readonly contents: number;
  /** Where the unit's own access unit delimiter lies; size 0 when it has none. */
  readonly delimiterOffset: number;
  readonly delimiterSize: number;
  /** Whether the parameter sets of the configuration go before the picture. */
  readonly insertParameterSets: boolean;
}

export interface AudioPes extends PesTiming {
  readonly kind: 'audio';
  readonly units: readonly AccessUnit[];
}

export interface MetadataPes extends PesTiming {
  readonly kind: 'metadata';
  readonly tag: Uint8Array;
}

export const planMetadata = ({ pts90k, tag }: TimedTag): MetadataPes => ({
  kind: 'metadata',
  dts90k: pts90k,
  pts90k,
  dataBytes: tag.length,
  randomAccess: false,
  tag,
});

export type PesPlan = VideoPes | AudioPes | MetadataPes;

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
 * @param tables whether they come first: a part of a stream without them has no PCR of its own either
 * @param endDts90k decode time at which the next segment begins, when known: PCRs go on up to there
 */
export function schedule(
  video: readonly VideoPes[],
  audio: readonly AudioPes[],
  pcrKind: PesPlan['kind'],
  endDts90k: number | undefined,
  sink: PacketSink,
  metadata: readonly MetadataPes[] = [],
  tables = true,
): void {
  if (tables) sink.tables();
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
      if (tables && (pcrKind === 'video' ? video : audio).length === 0) sink.clock(plan.dts90k);
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
  #lastTables: number;
  readonly #sink: PacketSink;

  constructor(start: number, sink: PacketSink) {
    this.lastPcr = start;
    this.#lastTables = start;
    this.#sink = sink;
  }

  /** Sends what is due before a packet of this decode time. */
  advance(dts90k: number): void {
    this.fill(dts90k);
    this.#sendTables(dts90k);
  }

  /** Sends PCRs up to this decode time, and tables where they fall due on the way. */
  fill(dts90k: number): void {
    if (dts90k - this.lastPcr > MAX_FILLED_GAP_90K) this.lastPcr = dts90k;
    while (dts90k - this.lastPcr > MAX_PCR_INTERVAL_90K) {
      this.lastPcr += MAX_PCR_INTERVAL_90K;
      this.#sendTables(this.lastPcr);
      this.#sink.clock(this.lastPcr);
    }
  }

  #sendTables(now: number): void {
    if (now - this.#lastTables < TABLES_INTERVAL_90K) return;
    this.#lastTables = now;
    this.#sink.tables();
  }
}

/** Bytes of an adaptation field with a PCR, and of one with flags only. */
const PCR_FIELD_BYTES = 8;
const FLAGS_FIELD_BYTES = 2;

/** What the adaptation field of a PES packet's first transport packet needs at least. */
export function firstFieldBytes(plan: PesPlan, withPcr: boolean): number {
  return withPcr ? PCR_FIELD_BYTES : plan.randomAccess ? FLAGS_FIELD_BYTES : 0;
}

/** Bytes of a PES packet, header and data. */
export function pesBytes(plan: PesPlan): number {
  return pesHeaderBytes(plan.pts90k !== plan.dts90k) + plan.dataBytes;
}

/** The first pass over a segment: how many packets it will have. */
export class PacketCounter implements PacketSink {
  packets = 0;

  tables(): void {
    this.packets += 2;
  }

  clock(): void {
    this.packets++;
  }

  pes(plan: PesPlan, withPcr: boolean): void {
    this.packets += Math.ceil((firstFieldBytes(plan, withPcr) + pesBytes(plan)) / TS_PAYLOAD_BYTES);
  }
}
