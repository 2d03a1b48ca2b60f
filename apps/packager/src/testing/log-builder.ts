// Writes frame logs as an edge does: numbered, with the configuration before every keyframe.
import { Codec, FrameFlag, FrameKind, TICKS_PER_MS } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { encodeAmf0 } from '@millrace/protocol/amf0';
import type { AmfValue } from '@millrace/protocol/amf0';

/** 960x540 High, out of media/bbb-h264-aac.flv. */
export const H264_CONFIG = Buffer.from(
  '0164001fffe1001a6764001facd980f0117ef0110000030001000003003c0f18319a01000568e97b2c8bfdf8f800',
  'hex',
);
/** The same with another picture parameter set. */
export const OTHER_H264_CONFIG = Buffer.from(
  '0164001fffe1001a6764001facd980f0117ef0110000030001000003003c0f18319a01000568e97b2c8ffdf8f800',
  'hex',
);
/** AAC-LC, 44.1 kHz, stereo. */
export const AAC_CONFIG = Buffer.from('1210', 'hex');
/** AAC-LC, 48 kHz, stereo. */
export const OTHER_AAC_CONFIG = Buffer.from('1190', 'hex');

const DATED = FrameFlag.keyframe | FrameFlag.recoveryPoint | FrameFlag.configuration;

const idr = Buffer.from('0000000465888040', 'hex');
/** SEI with a recovery point, and an I slice (slice_type 7) in no IDR picture. */
const recoveryPoint = Buffer.from('00000005060601c480' + '0000000441882040', 'hex');
const slice = Buffer.from('00000004419a2040', 'hex');

export class LogBuilder {
  readonly frames: Frame[] = [];
  videoConfiguration: Uint8Array | undefined;
  audioConfiguration: Uint8Array | undefined;
  /** The encoder's wall clock at decode time 0: places to start, and configurations, have its time from now on. */
  encoderZeroMs: number | undefined;
  epoch: number;
  sequence = 0;

  constructor(epoch: number) {
    this.epoch = epoch;
  }

  /** Goes on with the next publisher connection. */
  startEpoch(epoch: number): this {
    this.epoch = epoch;
    this.sequence = 0;
    return this;
  }

  push(frame: Omit<Frame, 'epoch' | 'sequence'>): this {
    const place = { epoch: this.epoch, sequence: ++this.sequence };
    const zeroMs = (frame.flags & DATED) === 0 ? undefined : this.encoderZeroMs;
    const encoderTimeMs = zeroMs && { encoderTimeMs: zeroMs + Math.round(frame.dts90k / TICKS_PER_MS) };
    this.frames.push({ ...frame, ...place, ...encoderTimeMs });
    return this;
  }

  /** Leaves frames out of the log, as when they were lost. */
  lose(count: number): this {
    this.sequence += count;
    return this;
  }

  configuration(kind: FrameKind, codec: Codec, payload: Uint8Array, dts90k: number): this {
    return this.push({ kind, codec, flags: FrameFlag.configuration, dts90k, compositionOffset90k: 0, payload });
  }

  media(
    kind: FrameKind,
    codec: Codec,
    dts90k: number,
    payload: Uint8Array,
    key: boolean | 'recovery',
    compositionOffset90k = 0,
    flags = 0,
  ): this {
    if (key !== false) {
      if (this.videoConfiguration) this.configuration(FrameKind.video, Codec.h264, this.videoConfiguration, dts90k);
      if (this.audioConfiguration) this.configuration(FrameKind.audio, Codec.aac, this.audioConfiguration, dts90k);
    }
    return this.push({
      kind,
      codec,
      flags: flags | (key === 'recovery' ? FrameFlag.recoveryPoint : key ? FrameFlag.keyframe : 0),
      dts90k,
      compositionOffset90k,
      payload,
    });
  }

  /** A picture at this time in milliseconds. @param bytes of filler behind the slice */
  picture(ms: number, key: boolean | 'recovery' = false, { bytes = 0, flags = 0, offsetMs = 0 } = {}): this {
    const nal = key === 'recovery' ? recoveryPoint : key ? idr : slice;
    const payload = bytes === 0 ? nal : withFiller(nal, bytes);
    return this.media(FrameKind.video, Codec.h264, Math.round(ms * 90), payload, key, Math.round(offsetMs * 90), flags);
  }

  /** An AAC access unit at this time in milliseconds. */
  sound(ms: number, key = false, flags = 0): this {
    return this.media(
      FrameKind.audio,
      Codec.aac,
      Math.round(ms * 90),
      Buffer.from('211004608c1c', 'hex'),
      key,
      0,
      flags,
    );
  }

  /** An MPEG-1 layer III frame of 128 kbit/s at 44.1 kHz. */
  mp3(ms: number, key = false): this {
    const payload = Buffer.alloc(417);
    payload.writeUInt32BE(0xfffb9000);
    return this.media(FrameKind.audio, Codec.mp3, Math.round(ms * 90), payload, key);
  }

  /** A data message of this name and these values. */
  data(ms: number, name: string, ...values: readonly AmfValue[]): this {
    return this.rawData(ms, encodeAmf0(name, ...values));
  }

  rawData(ms: number, payload: Uint8Array): this {
    const time = { dts90k: Math.round(ms * 90), compositionOffset90k: 0 };
    return this.push({ kind: FrameKind.data, codec: Codec.none, flags: 0, ...time, payload });
  }

  /** A frame that this release may not know. */
  newer(ms: number, fields: Pick<Frame, 'kind' | 'codec' | 'flags' | 'track'>): this {
    const { kind, codec, flags, track } = fields;
    const time = { dts90k: Math.round(ms * 90), compositionOffset90k: 0 };
    return this.push({ kind, codec, flags, track, ...time, payload: Buffer.from('newer') });
  }

  end(flags = 0): this {
    return this.push({
      kind: FrameKind.end,
      codec: Codec.none,
      flags,
      dts90k: this.frames.at(-1)?.dts90k ?? 0,
      compositionOffset90k: 0,
      payload: new Uint8Array(0),
    });
  }

  /**
   * Pictures at a steady rate with a keyframe every `gopMs`, and sound when the log has a configuration for it.
   * @param recovery whether recovery points take the place of keyframes
   * @param reordered whether every second picture is shown before the one sent before it, by offsets below zero
   */
  run(
    fromMs: number,
    toMs: number,
    {
      fps = 25,
      gopMs = 2_000,
      firstKeyMs = fromMs,
      video = true,
      sound = true,
      reordered = false,
      recovery = false,
    } = {},
  ): this {
    const step = 1_000 / fps;
    let nextKey = firstKeyMs;
    let nextSound = fromMs;
    let nextSoundKey = fromMs;
    let sinceKey = 0;
    for (let ms = fromMs; ms < toMs; ms += step) {
      if (video) {
        const key = ms >= nextKey;
        if (key) nextKey += gopMs;
        sinceKey = key ? 0 : sinceKey + 1;
        this.picture(ms, key && recovery ? 'recovery' : key, {
          offsetMs: reordered && sinceKey > 0 ? (sinceKey % 2 === 1 ? step : -step) : 0,
        });
      }
      for (
        ;
        sound && this.audioConfiguration && nextSound < ms + step && nextSound < toMs;
        nextSound += 1_024_000 / 44_100
      ) {
        const key = !video && nextSound >= nextSoundKey;
        if (key) nextSoundKey += 1_000;
        this.sound(nextSound, key);
      }
    }
    return this;
  }
}

/** A log with a picture and a sound track. */
export function audioVideoLog(epoch = 1_000): LogBuilder {
  const log = new LogBuilder(epoch);
  log.videoConfiguration = H264_CONFIG;
  log.audioConfiguration = AAC_CONFIG;
  return log;
}

export function videoLog(epoch = 1_000): LogBuilder {
  const log = new LogBuilder(epoch);
  log.videoConfiguration = H264_CONFIG;
  return log;
}

export function audioLog(epoch = 1_000): LogBuilder {
  const log = new LogBuilder(epoch);
  log.audioConfiguration = AAC_CONFIG;
  return log;
}

/** Adds a filler NAL unit (type 12) of about this many bytes. */
function withFiller(nal: Buffer, bytes: number): Buffer {
  const filler = Buffer.alloc(bytes + 5, 0xff);
  filler.writeUInt32BE(bytes + 1);
  filler[4] = 0x0c;
  return Buffer.concat([nal, filler]);
}
