// Frames for tests: recognisable by their content.
import { Codec, FrameFlag, FrameKind } from '@millrace/domain';
import type { CommitMark, Frame, FramePosition } from '@millrace/domain';

/** A video frame; what matters to a test is given, the rest is made up from epoch and sequence. */
export function sampleFrame(epoch: number, sequence: number, overrides: Partial<Frame> = {}): Frame {
  return {
    kind: FrameKind.video,
    codec: Codec.h264,
    flags: 0,
    epoch,
    sequence,
    dts90k: sequence * 3_000,
    compositionOffset90k: (sequence % 3) * 1_500,
    payload: samplePayload(epoch, sequence, 64),
    ...overrides,
  };
}

export const sampleConfiguration = (epoch: number, sequence: number): Frame =>
  sampleFrame(epoch, sequence, { flags: FrameFlag.configuration });

export const sampleKeyframe = (epoch: number, sequence: number): Frame =>
  sampleFrame(epoch, sequence, { flags: FrameFlag.keyframe });

export const sampleEnd = (epoch: number, sequence: number): Frame =>
  sampleFrame(epoch, sequence, { kind: FrameKind.end, codec: Codec.none, payload: new Uint8Array(0) });

/** Bytes that differ from frame to frame and from place to place. */
export function samplePayload(epoch: number, sequence: number, bytes: number): Uint8Array {
  const payload = new Uint8Array(bytes);
  let state = (epoch * 31 + sequence * 7919) >>> 0;
  for (let i = 0; i < bytes; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    payload[i] = state >>> 24;
  }
  return payload;
}

/** The frames of an epoch, `gop` to a group of pictures, each group with a configuration and a keyframe in front. */
export function sampleEpoch(epoch: number, count: number, gop: number, bytes = 64): Frame[] {
  return Array.from({ length: count }, (_, index) => {
    const sequence = index + 1;
    const flags = index % gop === 0 ? FrameFlag.configuration : index % gop === 1 ? FrameFlag.keyframe : 0;
    return sampleFrame(epoch, sequence, { flags, payload: samplePayload(epoch, sequence, bytes) });
  });
}

export function sampleMark(streamId: string, mediaSequence: number, position: FramePosition): CommitMark {
  const head = {
    position,
    mediaSequence,
    discontinuitySequence: 1,
    discontinuity: false,
    container: { name: 'mpegts', state: { pat: 1, pmt: 2, video: 3, audio: 4 } },
    targetDurationSeconds: 2,
    epochZeroMs: 1_795_000_000_000,
    sessionId: 'ses_0000000000abcdefghjkmnpqrs',
  };
  return { streamId, tail: { ...head, mediaSequence: Math.max(0, mediaSequence - 3) }, head };
}
