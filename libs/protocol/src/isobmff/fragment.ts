// ISO/IEC 23000-19 section 7.3.2: a CMAF chunk, that is one movie fragment and its samples.
import { ByteWriter } from '../bytes/index.ts';
import { box, fullBox } from './boxes.ts';
import { CMAF_TRACK_ID } from './init-segment.ts';

export interface CmafSample {
  /** Ticks of the track's timescale. */
  readonly duration: number;
  /** Presentation time minus decode time; may be negative. */
  readonly compositionOffset: number;
  /** Whether decoding can start here. */
  readonly sync: boolean;
  /** As the sample entry says: length-prefixed NAL units, or a raw access unit. Copied. */
  readonly payload: Uint8Array;
}

export interface CmafFragment {
  readonly kind: 'video' | 'audio';
  /** "increases in the order that fragments appear" (ISO/IEC 14496-12 section 8.8.5); kept modulo 2^32. */
  readonly sequenceNumber: number;
  /** Decode time of the first sample, in ticks of the timescale. Not negative. */
  readonly baseMediaDecodeTime: number;
  readonly samples: readonly CmafSample[];
}

/** Section 8.8.7: offsets count from the beginning of this fragment; all samples have these flags unless a run says otherwise. */
const TFHD_FLAGS = 0x02_0000 | 0x00_0020;
/** Section 8.8.8: the run says where its data begin, and of each sample these. */
const TrunFlag = { dataOffset: 0x001, duration: 0x100, size: 0x200, flags: 0x400, compositionOffset: 0x800 } as const;
const VIDEO_RUN = TrunFlag.dataOffset | TrunFlag.duration | TrunFlag.size | TrunFlag.flags | TrunFlag.compositionOffset;
const AUDIO_RUN = TrunFlag.dataOffset | TrunFlag.duration | TrunFlag.size;
/** Section 8.8.3.1: depends on no other sample. */
const SYNC_SAMPLE = 0x0200_0000;
/** Depends on others, and is not a sync sample. */
const OTHER_SAMPLE = 0x0101_0000;
/** Everything of a fragment but its samples. */
const FIXED_BYTES = 128;
const BYTES_OF_SAMPLE = 16;
const TWO_32 = 2 ** 32;

/**
 * Writes a fragment: `moof` and `mdat`.
 * @param before boxes that come first, such as `styp`, `prft` and `emsg`
 */
export function encodeCmafFragment(fragment: CmafFragment, before: readonly Uint8Array[] = []): Buffer {
  const { kind, samples } = fragment;
  let payloadBytes = 0;
  for (const { payload } of samples) payloadBytes += payload.length;
  let capacity = FIXED_BYTES + samples.length * BYTES_OF_SAMPLE + payloadBytes;
  for (const bytes of before) capacity += bytes.length;
  const out = new ByteWriter(capacity);
  for (const bytes of before) out.write(bytes);
  const start = out.length;
  let dataOffsetAt = 0;
  box(out, 'moof', () => {
    fullBox(out, 'mfhd', 0, 0, () => out.u32(fragment.sequenceNumber % TWO_32));
    box(out, 'traf', () => {
      const flags = kind === 'audio' ? SYNC_SAMPLE : OTHER_SAMPLE;
      fullBox(out, 'tfhd', 0, TFHD_FLAGS, () => out.u32(CMAF_TRACK_ID).u32(flags));
      fullBox(out, 'tfdt', 1, 0, () => out.u64(BigInt(fragment.baseMediaDecodeTime)));
      // Version 1: composition offsets have a sign.
      fullBox(out, 'trun', 1, kind === 'video' ? VIDEO_RUN : AUDIO_RUN, () => {
        out.u32(samples.length);
        dataOffsetAt = out.length;
        out.u32(0);
        for (const sample of samples) {
          out.u32(sample.duration).u32(sample.payload.length);
          if (kind === 'video') out.u32(sample.sync ? SYNC_SAMPLE : OTHER_SAMPLE).i32(sample.compositionOffset);
        }
      });
    });
  });
  box(out, 'mdat', () => {
    out.patchU32(dataOffsetAt, out.length - start);
    for (const { payload } of samples) out.write(payload);
  });
  return out.toBuffer();
}

/** `msdh` says media segment, `msix` that it may be indexed; `cmfs` that it is one of CMAF (ISO/IEC 23000-19 section 7.2). */
const SEGMENT_BRANDS = ['msdh', 'msix', 'cmfs'] as const;

/** Section 8.16.2: what a segment begins with. The same bytes for all. */
export function encodeSegmentType(): Buffer {
  const out = new ByteWriter(32);
  box(out, 'styp', () => {
    out.utf8(SEGMENT_BRANDS[0]).u32(0);
    for (const brand of SEGMENT_BRANDS) out.utf8(brand);
  });
  return out.toBuffer();
}

export interface ProducerReferenceTime {
  /** When the encoder took in the sample at `mediaTime`, in milliseconds since 1970. */
  readonly wallMs: number;
  /** Decode time of the first sample of the fragment behind it. */
  readonly mediaTime: number;
}

/** NTP counts from 1900 (RFC 5905 section 6). */
const NTP_OFFSET_S = 2_208_988_800;

/** Section 8.16.5: which wall-clock time belongs to a media time. */
export function encodeProducerReferenceTime({ wallMs, mediaTime }: ProducerReferenceTime): Buffer {
  const seconds = Math.floor(wallMs / 1_000);
  const fraction = Math.floor(((wallMs - seconds * 1_000) / 1_000) * TWO_32);
  const out = new ByteWriter(32);
  fullBox(out, 'prft', 1, 0, () => {
    out.u32(CMAF_TRACK_ID);
    out.u32((seconds + NTP_OFFSET_S) % TWO_32).u32(fraction);
    out.u64(BigInt(mediaTime));
  });
  return out.toBuffer();
}

/** "Carriage of ID3 Timed Metadata in the Common Media Application Format" (AOMedia), section 4: the message is a whole tag. */
export const ID3_EVENT_SCHEME = 'https://aomedia.org/emsg/ID3';

export interface EventMessage {
  /** Says what `message` is. */
  readonly schemeIdUri: string;
  readonly value: string;
  /** Ticks in a second of the times below. */
  readonly timescale: number;
  readonly presentationTime: number;
  /** 0xffffffff: not known. */
  readonly duration: number;
  readonly id: number;
  readonly message: Uint8Array;
}

/** ISO/IEC 23009-1 section 5.10.3.3: an event that belongs to a time of the track. */
export function encodeEventMessage(event: EventMessage): Buffer {
  const out = new ByteWriter(64 + event.schemeIdUri.length + event.value.length + event.message.length);
  fullBox(out, 'emsg', 1, 0, () => {
    out.u32(event.timescale).u64(BigInt(event.presentationTime)).u32(event.duration).u32(event.id);
    out.utf8(event.schemeIdUri).u8(0).utf8(event.value).u8(0).write(event.message);
  });
  return out.toBuffer();
}
