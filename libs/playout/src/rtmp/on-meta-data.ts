// What a peer is told of a stream before its media (FLV 10.1 section E.5; Enhanced RTMP v2, "Enhanced metadata").
import { Codec } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { describeTrack, readTrack } from '@millrace/media';
import type { AmfRecord } from '@millrace/protocol/amf3';
import { fourCcOf } from '@millrace/protocol/flv';
import type { SeenTracks } from '../live/wire-form.ts';
import { fourCcNameOf } from './peer-codecs.ts';

/** Codecs that have a number of their own: VideoCodecID and SoundFormat. Others are named by their FourCC. */
const CODEC_IDS: Readonly<Record<number, number>> = { [Codec.h264]: 7, [Codec.aac]: 10, [Codec.mp3]: 2 };

/** From the configuration records: what the encoder said of itself may be wrong, and is long past. */
export function metadataOf({ videoConfiguration, audioConfiguration }: SeenTracks): AmfRecord {
  const video = videoConfiguration && readTrack(videoConfiguration, undefined);
  const audio = audioConfiguration && readTrack(audioConfiguration, undefined);
  const { width, height, frameRate } = video === undefined ? {} : describeTrack(video);
  const aac = audio?.codec === Codec.aac ? audio.configuration : undefined;
  return withoutUnknown({
    server: 'Millrace',
    width,
    height,
    framerate: frameRate,
    videocodecid: codecId(videoConfiguration),
    audiocodecid: codecId(audioConfiguration),
    audiosamplerate: aac?.samplingFrequency,
    stereo: aac && aac.channels > 1,
  });
}

function codecId(configuration: Frame | undefined): number | undefined {
  if (configuration === undefined) return undefined;
  const name = fourCcNameOf(configuration.codec);
  return CODEC_IDS[configuration.codec] ?? (name === undefined ? undefined : fourCcOf(name));
}

const withoutUnknown = (values: Readonly<Record<string, string | number | boolean | undefined>>): AmfRecord =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
