// Which codecs a player can be sent: those of Flash always, the others where it lists them (Enhanced RTMP v2, "Enhancing NetConnection
// connect Command").
import { Codec } from '@millrace/domain';
import { AudioFourCc, VideoFourCc } from '@millrace/protocol/flv';
import { FourCcInfo, fourCcInfo } from '@millrace/protocol/rtmp';
import type { ConnectInfo } from '@millrace/protocol/rtmp';

/** What every player is sent: tags of FLV 10.1. */
const LEGACY: ReadonlySet<number> = new Set([Codec.none, Codec.h264, Codec.aac, Codec.mp3]);

const FOUR_CCS: ReadonlyMap<number, string> = new Map(
  Object.entries({ ...VideoFourCc, ...AudioFourCc }).flatMap(([name, fourCc]) => {
    const codec = (Codec as Readonly<Record<string, number>>)[name];
    return codec === undefined ? [] : [[codec, fourCc] as const];
  }),
);

export const fourCcNameOf = (codec: number): string | undefined => FOUR_CCS.get(codec);

type Listed = Pick<ConnectInfo, 'fourCcList' | 'videoFourCcInfoMap' | 'audioFourCcInfoMap'>;

export function takesCodec({ fourCcList, videoFourCcInfoMap, audioFourCcInfoMap }: Listed, codec: number): boolean {
  if (LEGACY.has(codec)) return true;
  const fourCc = fourCcNameOf(codec);
  if (fourCc === undefined) return false;
  if (fourCcList.includes('*') || fourCcList.includes(fourCc)) return true;
  const flags = fourCcInfo(videoFourCcInfoMap, fourCc) | fourCcInfo(audioFourCcInfoMap, fourCc);
  return (flags & (FourCcInfo.canDecode | FourCcInfo.canForward)) !== 0;
}
