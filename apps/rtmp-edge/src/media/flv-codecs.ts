// Which of the codecs that FLV and Enhanced RTMP can name are carried.
import { CODECS } from '@millrace/media';
import type { AudioRules, VideoRules } from '@millrace/media';
import { Codec } from '@millrace/domain';
import { AudioFourCc, VideoFourCc } from '@millrace/protocol/flv';
import type { AudioCodec, VideoCodec } from '@millrace/protocol/flv';
import { DEFAULT_SERVER_CAPABILITIES, FourCcInfo } from '@millrace/protocol/rtmp';
import type { ServerCapabilities } from '@millrace/protocol/rtmp';

export const VIDEO_RULES: { readonly [Name in VideoCodec]?: VideoRules } = {
  h264: CODECS[Codec.h264],
  h265: CODECS[Codec.h265],
};

export const AUDIO_RULES: { readonly [Name in AudioCodec]?: AudioRules } = {
  aac: CODECS[Codec.aac],
  mp3: CODECS[Codec.mp3],
  ac3: CODECS[Codec.ac3],
  eac3: CODECS[Codec.eac3],
  opus: CODECS[Codec.opus],
};

/** What encoders are told that they may send. */
export const CAPABILITIES: ServerCapabilities = {
  ...DEFAULT_SERVER_CAPABILITIES,
  videoFourCcInfoMap: infoMap(VideoFourCc, VIDEO_RULES),
  audioFourCcInfoMap: infoMap(AudioFourCc, AUDIO_RULES),
};

function infoMap(fourCcs: Readonly<Record<string, string>>, carried: object): Record<string, number> {
  const names = Object.entries(fourCcs).filter(([codec]) => codec in carried);
  return Object.fromEntries(names.map(([, fourCc]) => [fourCc, FourCcInfo.canForward]));
}
