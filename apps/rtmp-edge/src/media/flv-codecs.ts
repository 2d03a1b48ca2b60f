// Which of the codecs that FLV and Enhanced RTMP can name are carried.
import { CODECS } from '@millrace/media';
import type { AudioRules, VideoRules } from '@millrace/media';
import { Codec } from '@millrace/domain';
import type { AudioCodec, VideoCodec } from '@millrace/protocol/flv';

export const VIDEO_RULES: { readonly [Name in VideoCodec]?: VideoRules } = {
  h264: CODECS[Codec.h264],
  h265: CODECS[Codec.h265],
};

export const AUDIO_RULES: { readonly [Name in AudioCodec]?: AudioRules } = {
  aac: CODECS[Codec.aac],
  mp3: CODECS[Codec.mp3],
};
