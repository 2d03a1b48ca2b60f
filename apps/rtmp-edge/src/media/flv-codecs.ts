// Which of the codecs that FLV and Enhanced RTMP can name are carried.
import { CODECS } from '@millrace/media';
import type { AudioRules, VideoRules } from '@millrace/media';
import { Codec } from '@millrace/domain';
import type { PackagerFeature, StreamSettings } from '@millrace/domain';
import { AudioFourCc, VideoFourCc } from '@millrace/protocol/flv';
import type { AudioCodec, VideoCodec } from '@millrace/protocol/flv';
import { CapsEx, DEFAULT_SERVER_CAPABILITIES, FourCcInfo } from '@millrace/protocol/rtmp';
import type { ServerCapabilities } from '@millrace/protocol/rtmp';

const VIDEO_RULES: { readonly [Name in VideoCodec]?: VideoRules } = {
  h264: CODECS[Codec.h264],
  h265: CODECS[Codec.h265],
  av1: CODECS[Codec.av1],
  vp9: CODECS[Codec.vp9],
};

const AUDIO_RULES: { readonly [Name in AudioCodec]?: AudioRules } = {
  aac: CODECS[Codec.aac],
  mp3: CODECS[Codec.mp3],
  ac3: CODECS[Codec.ac3],
  eac3: CODECS[Codec.eac3],
  opus: CODECS[Codec.opus],
  flac: CODECS[Codec.flac],
};

/** Codecs that packagers of the oldest release do not read. MPEG-TS has no form for any of them. */
const NEWER: { readonly [Name in VideoCodec | AudioCodec]?: PackagerFeature } = {
  av1: 'av1',
  vp9: 'vp9',
  flac: 'flac',
};

const UPDATING =
  'which the packagers of this server cannot all read yet: it is being updated; try again in a few minutes';
const ENCRYPTED = 'which MPEG-TS cannot carry, and only MPEG-TS segments are encrypted: set encryption to none';

/** The codecs of one publish. */
export class PublishedCodecs {
  readonly #features: ReadonlySet<PackagerFeature>;
  readonly #isEncrypted: boolean;

  /** @param features what all live packagers can read */
  constructor(features: ReadonlySet<PackagerFeature>, { keyRotationSegments = 0 }: StreamSettings) {
    this.#features = features;
    this.#isEncrypted = keyRotationSegments > 0;
  }

  /** The rules of a codec that is carried; for any other, its name, and what is to be done where something can be done. */
  video(codec: VideoCodec): VideoRules | string {
    return this.#against(codec) ?? VIDEO_RULES[codec] ?? codec;
  }

  audio(codec: AudioCodec): AudioRules | string {
    return this.#against(codec) ?? AUDIO_RULES[codec] ?? codec;
  }

  /** Whether what encoders say of colours beside the bit stream is carried: all live packagers have to read it. */
  get withColours(): boolean {
    return this.#features.has('colour');
  }

  /** Why no track is carried beside the first one of each kind; undefined where some are. */
  get withoutFurtherTracks(): string | undefined {
    if (this.#isEncrypted) return 'an encrypted stream has one track of each kind';
    if (this.#features.has('tracks')) return undefined;
    return 'the packagers of this server cannot all read it yet: it is being updated; try again in a few minutes';
  }

  #against(codec: VideoCodec | AudioCodec): string | undefined {
    const feature = NEWER[codec];
    if (feature === undefined) return undefined;
    if (this.#isEncrypted) return `${codec}, ${ENCRYPTED}`;
    return this.#features.has(feature) ? undefined : `${codec}, ${UPDATING}`;
  }
}

/** What encoders are told that they may send. */
export const CAPABILITIES: ServerCapabilities = {
  ...DEFAULT_SERVER_CAPABILITIES,
  capsEx: DEFAULT_SERVER_CAPABILITIES.capsEx | CapsEx.multitrack,
  videoFourCcInfoMap: infoMap(VideoFourCc, VIDEO_RULES),
  audioFourCcInfoMap: infoMap(AudioFourCc, AUDIO_RULES),
};

function infoMap(fourCcs: Readonly<Record<string, string>>, carried: object): Record<string, number> {
  const names = Object.entries(fourCcs).filter(([codec]) => codec in carried);
  return Object.fromEntries(names.map(([, fourCc]) => [fourCc, FourCcInfo.canForward]));
}
