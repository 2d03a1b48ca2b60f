// A form that can be read in a test: each frame is written as its epoch, sequence, time and size.
import { Codec, FrameFlag, FrameKind } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import type { EncodedFrame, SeenTracks, WireForm } from '../live/wire-form.ts';

export class TextForm implements WireForm {
  /** How often each frame was written. */
  readonly timesEncoded = new Map<string, number>();

  head({ hasVideo, hasAudio }: SeenTracks): Uint8Array {
    return Buffer.from(`head${hasVideo ? ' video' : ''}${hasAudio ? ' audio' : ''}`);
  }

  encode(frame: Frame): EncodedFrame | undefined {
    if (frame.kind === FrameKind.data) return undefined;
    const name = `${frame.epoch}/${frame.sequence}`;
    this.timesEncoded.set(name, (this.timesEncoded.get(name) ?? 0) + 1);
    const text = Buffer.from(`${name} `);
    return { bytes: Buffer.concat([text, frame.payload]), payloadOffset: text.length };
  }
}

interface FrameChoice {
  readonly epoch?: number;
  readonly dts90k?: number;
  readonly payload?: Uint8Array;
}

const base = (
  sequence: number,
  { epoch = 1, dts90k = sequence * 3_600, payload = new Uint8Array(0) }: FrameChoice,
) => ({
  epoch,
  sequence,
  dts90k,
  payload,
  compositionOffset90k: 0,
});

export const configuration = (sequence: number, choice: FrameChoice = {}): Frame => ({
  kind: FrameKind.video,
  codec: Codec.h264,
  flags: FrameFlag.configuration,
  ...base(sequence, choice),
});
export const keyframe = (sequence: number, choice: FrameChoice = {}): Frame => ({
  kind: FrameKind.video,
  codec: Codec.h264,
  flags: FrameFlag.keyframe,
  ...base(sequence, choice),
});
export const picture = (sequence: number, choice: FrameChoice = {}): Frame => ({
  kind: FrameKind.video,
  codec: Codec.h264,
  flags: 0,
  ...base(sequence, choice),
});
export const sound = (sequence: number, choice: FrameChoice = {}): Frame => ({
  kind: FrameKind.audio,
  codec: Codec.aac,
  flags: 0,
  ...base(sequence, choice),
});
export const endFrame = (sequence: number, choice: FrameChoice = {}): Frame => ({
  kind: FrameKind.end,
  codec: Codec.none,
  flags: FrameFlag.unpublished,
  ...base(sequence, choice),
});
