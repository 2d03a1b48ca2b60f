// Turns length-prefixed NAL units into a byte stream (ITU-T H.264 annex B) on their way into transport packets.
import { NalUnitType, nalLengthAt, START_CODE } from '../../h264/index.ts';
import type { VideoPes } from './pes-plan.ts';
import { DELIMITER, parameterSetBytes } from './plan-video.ts';
import type { VideoTrack } from './segment-options.ts';

/** Where the bytes of an elementary stream go. */
export interface ElementarySink {
  append(source: DataView, from: number, to: number): void;
  appendByte(value: number): void;
}

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export class PictureWriter {
  /** Bytes of the parameter sets that go before keyframes. */
  readonly parameterSetSize: number;
  private readonly track: VideoTrack;
  private readonly parameterSets: DataView;
  private static readonly delimiter = viewOf(DELIMITER);
  private static readonly startCode = viewOf(START_CODE);

  constructor(track: VideoTrack) {
    this.track = track;
    const sets = parameterSetBytes(track);
    this.parameterSets = viewOf(sets);
    this.parameterSetSize = sets.length;
  }

  /** Writes exactly `plan.dataBytes` bytes. */
  write(plan: VideoPes, sink: ElementarySink): void {
    const { payload } = plan.unit;
    const view = viewOf(payload);
    if (plan.delimiterSize > 0) {
      sink.append(PictureWriter.startCode, 0, START_CODE.length);
      sink.append(view, plan.delimiterOffset, plan.delimiterOffset + plan.delimiterSize);
    } else {
      sink.append(PictureWriter.delimiter, 0, DELIMITER.length);
    }
    if (plan.insertParameterSets) sink.append(this.parameterSets, 0, this.parameterSetSize);
    const { nalLengthSize } = this.track.config;
    for (let offset = 0; offset < payload.length;) {
      const from = offset + nalLengthSize;
      const end = from + nalLengthAt(payload, offset, nalLengthSize);
      offset = end;
      if ((payload[from]! & 0x1f) === NalUnitType.accessUnitDelimiter) continue;
      sink.append(PictureWriter.startCode, 0, START_CODE.length);
      sink.append(view, from, end);
    }
  }
}
