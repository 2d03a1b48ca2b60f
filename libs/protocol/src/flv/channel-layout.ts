// Enhanced RTMP v2, "ExAudioTagBody": what AudioPacketType.MultichannelConfig says of the speakers.
import { ByteReader, ByteWriter, ProtocolError } from '../bytes/index.ts';

const PLACE = 'flv/channel-layout';

/** AudioChannelOrder. */
const Order = { unspecified: 0, native: 1, custom: 2 } as const;

/** AudioChannel: the bit of each speaker in AudioChannelMask, too. */
export const AudioChannel = {
  frontLeft: 0,
  frontRight: 1,
  frontCenter: 2,
  lowFrequency1: 3,
  backLeft: 4,
  backRight: 5,
  frontLeftCenter: 6,
  frontRightCenter: 7,
  backCenter: 8,
  sideLeft: 9,
  sideRight: 10,
  topCenter: 11,
  topFrontLeft: 12,
  topFrontCenter: 13,
  topFrontRight: 14,
  topBackLeft: 15,
  topBackCenter: 16,
  topBackRight: 17,
  lowFrequency2: 18,
  topSideLeft: 19,
  topSideRight: 20,
  bottomFrontCenter: 21,
  bottomFrontLeft: 22,
  bottomFrontRight: 23,
  /** "Channel is empty and can be safely skipped." */
  unused: 0xfe,
  /** "Channel contains data, but its speaker configuration is unknown." */
  unknown: 0xff,
} as const;

/** Speakers of the 22.2 layout: the bits that AudioChannelMask has. */
const SPEAKERS = 24;

export type ChannelLayout =
  | { readonly order: 'unspecified'; readonly channelCount: number }
  /** Channels come in the order of `AudioChannel`. */
  | { readonly order: 'native'; readonly channelCount: number; readonly mask: number }
  /** One of `AudioChannel` for each channel as it comes, or a number that is reserved. */
  | { readonly order: 'custom'; readonly channelCount: number; readonly channels: readonly number[] };

/**
 * Reads the body of a multichannel configuration. Bytes behind it are ignored: later versions may add some.
 * @throws ProtocolError when it ends early, has no channels, or says how many in two ways
 */
export function decodeChannelLayout(body: Uint8Array): ChannelLayout {
  const reader = new ByteReader(body, PLACE);
  const order = reader.u8();
  const channelCount = reader.u8();
  if (channelCount === 0) throw new ProtocolError('flv.channel-layout.count', PLACE, 'no channels');
  if (order === Order.custom) return { order: 'custom', channelCount, channels: [...reader.take(channelCount)] };
  if (order === Order.unspecified) return { order: 'unspecified', channelCount };
  if (order !== Order.native) throw new ProtocolError('flv.channel-layout.order', PLACE, `channel order ${order}`);
  const mask = reader.u32();
  let speakers = 0;
  for (let bit = 0; bit < 32; bit++) speakers += (mask >>> bit) & 1;
  if (speakers !== channelCount || mask >>> SPEAKERS !== 0) {
    throw new ProtocolError('flv.channel-layout.mask', PLACE, `${speakers} speakers for ${channelCount} channels`);
  }
  return { order: 'native', channelCount, mask };
}

/** Writes the body of a multichannel configuration. */
export function encodeChannelLayout(layout: ChannelLayout): Buffer {
  const writer = new ByteWriter().u8(Order[layout.order]).u8(layout.channelCount);
  if (layout.order === 'native') writer.u32(layout.mask);
  else if (layout.order === 'custom') writer.write(Buffer.from(layout.channels));
  return writer.toBuffer();
}
