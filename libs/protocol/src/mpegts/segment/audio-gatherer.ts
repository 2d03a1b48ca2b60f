// Audio frames are small and a PES packet costs a transport packet at least, so several frames share one.
import { pesHeaderBytes } from '../pes.ts';
import type { AudioFraming } from './audio-framing.ts';
import { framedBytes } from './audio-framing.ts';
import type { AudioPes } from './pes-plan.ts';
import type { AccessUnit } from './segment-options.ts';
import { MAX_AUDIO_PES_BYTES, MAX_AUDIO_PES_SPAN_90K } from './segment-options.ts';

/**
 * Gathers frames into PES packets. Only the first frame of a packet has a timestamp and players count on from there, so
 * a frame whose own time is off by half a frame or more starts a new packet. Depends on nothing but the frames.
 */
export class AudioGatherer {
  readonly packets: AudioPes[] = [];
  private readonly framing: AudioFraming;
  private readonly randomAccess: boolean;
  private units: AccessUnit[] = [];
  private dataBytes = 0;
  private dts90k = 0;
  private span90k = 0;

  /** @param randomAccess whether packets are entry points of the program: when it has no video */
  constructor(framing: AudioFraming, randomAccess: boolean) {
    this.framing = framing;
    this.randomAccess = randomAccess;
  }

  /** Adds the next frame; false when it cannot be carried. */
  add(unit: AccessUnit): boolean {
    const duration = this.framing.duration90k(unit.payload);
    if (duration === undefined) return false;
    const bytes = framedBytes(this.framing, unit.payload);
    if (!this.joins(unit.dts90k, duration, bytes)) this.flush();
    if (this.units.length === 0) this.dts90k = unit.dts90k;
    this.units.push(unit);
    this.dataBytes += bytes;
    this.span90k += duration;
    return true;
  }

  private joins(dts90k: number, duration: number, bytes: number): boolean {
    return (
      Math.abs(dts90k - (this.dts90k + this.span90k)) < duration / 2 &&
      this.span90k + duration <= MAX_AUDIO_PES_SPAN_90K &&
      pesHeaderBytes(false) + this.dataBytes + bytes <= MAX_AUDIO_PES_BYTES
    );
  }

  /** Ends the packet at hand: at the end of the segment. */
  flush(): void {
    if (this.units.length === 0) return;
    const { dts90k, dataBytes, units, randomAccess } = this;
    this.packets.push({ kind: 'audio', dts90k, pts90k: dts90k, dataBytes, randomAccess, units });
    this.units = [];
    this.dataBytes = 0;
    this.span90k = 0;
  }
}
