// Which codecs a peer, a player or a server, can be sent: those of Flash always, the others where it lists them (Enhanced RTMP v2, "Enhancing NetConnection
// connect Command").
import { Codec } from '@millrace/domain';
import { AudioFourCc, VideoFourCc } from '@millrace/protocol/flv';
import { FourCcInfo, fourCcInfo } from '@millrace/protocol/rtmp';
import type { Capabilities } from '@millrace/protocol/rtmp';

/** What every peer is sent: tags of FLV 10.1. */
const LEGACY: ReadonlySet<number> = new Set([Codec.none, Codec.h264, Codec.aac, Codec.mp3]);

const fourCcsOf = (names: Readonly<Record<string, string>>): (readonly [number, string])[] =>
  Object.entries(names).flatMap(([name, fourCc]) => {
    const codec = (Codec as Readonly<Record<string, number>>)[name];
    return codec === undefined ? [] : [[codec, fourCc] as const];
  });

const FOUR_CCS: ReadonlyMap<number, string> = new Map([...fourCcsOf(VideoFourCc), ...fourCcsOf(AudioFourCc)]);

/** Every codec that frames may have, as peers name it. */
export const CARRIED_FOUR_CCS = {
  video: fourCcsOf(VideoFourCc).map(([, fourCc]) => fourCc),
  audio: fourCcsOf(AudioFourCc).map(([, fourCc]) => fourCc),
} as const;

export const fourCcNameOf = (codec: number): string | undefined => FOUR_CCS.get(codec);

type Listed = Pick<Capabilities, 'fourCcList' | 'videoFourCcInfoMap' | 'audioFourCcInfoMap'>;

export function takesCodec({ fourCcList, videoFourCcInfoMap, audioFourCcInfoMap }: Listed, codec: number): boolean {
  if (LEGACY.has(codec)) return true;
  const fourCc = fourCcNameOf(codec);
  if (fourCc === undefined) return false;
  if (fourCcList.includes('*') || fourCcList.includes(fourCc)) return true;
  const flags = fourCcInfo(videoFourCcInfoMap, fourCc) | fourCcInfo(audioFourCcInfoMap, fourCc);
  return (flags & (FourCcInfo.canDecode | FourCcInfo.canForward)) !== 0;
}
