// RTMP 1.0 section 5.4.5.
import { ByteReader, ProtocolError } from '../../bytes/index.ts';

const PLACE = 'rtmp/set-peer-bandwidth';

export const PeerBandwidthLimit = { hard: 0, soft: 1, dynamic: 2 } as const;
export type PeerBandwidthLimit = (typeof PeerBandwidthLimit)[keyof typeof PeerBandwidthLimit];

export interface SetPeerBandwidth {
  readonly windowSize: number;
  readonly limit: PeerBandwidthLimit;
}

export function decodeSetPeerBandwidth(payload: Buffer): SetPeerBandwidth {
  const reader = new ByteReader(payload, PLACE);
  const windowSize = reader.u32();
  const limit = reader.u8();
  if (limit !== 0 && limit !== 1 && limit !== 2) {
    throw new ProtocolError('rtmp.control.bad-limit-type', `${PLACE}/limit-type`, `limit type ${limit}`);
  }
  return { windowSize, limit };
}

export function encodeSetPeerBandwidth({ windowSize, limit }: SetPeerBandwidth): Buffer {
  const payload = Buffer.alloc(5);
  payload.writeUInt8(limit, payload.writeUInt32BE(windowSize));
  return payload;
}
