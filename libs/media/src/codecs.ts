// The table of codecs. To add one: docs/extend.md.
import { Codec } from '@millrace/domain';
import { aac } from './aac.ts';
import { ac3, eac3 } from './ac3.ts';
import { av1 } from './av1.ts';
import type { CodecRules, MediaCodec } from './codec-rules.ts';
import { flac } from './flac.ts';
import { h264 } from './h264.ts';
import { h265 } from './h265.ts';
import { mp3 } from './mp3.ts';
import { opus } from './opus.ts';
import { vp9 } from './vp9.ts';

export const CODECS = {
  [Codec.h264]: h264,
  [Codec.aac]: aac,
  [Codec.mp3]: mp3,
  [Codec.h265]: h265,
  [Codec.ac3]: ac3,
  [Codec.eac3]: eac3,
  [Codec.opus]: opus,
  [Codec.av1]: av1,
  [Codec.vp9]: vp9,
  [Codec.flac]: flac,
} as const satisfies Record<MediaCodec, CodecRules>;

/** The rules of a codec; undefined for one that this release does not know. */
export const rulesOf = (codec: number): CodecRules | undefined =>
  (CODECS as Readonly<Record<number, CodecRules | undefined>>)[codec];
