// Enhanced RTMP v2, "Multitrack Streaming via Enhanced RTMP": several tracks in one message.
import { ByteReader, ByteWriter, ProtocolError } from '../bytes/index.ts';
import { MOD_EX_PACKET_TYPE } from './mod-ex.ts';

/** AvMultitrackType. */
export const MultitrackType = { oneTrack: 0, manyTracks: 1, manyTracksManyCodecs: 2 } as const;
export type MultitrackType = (typeof MultitrackType)[keyof typeof MultitrackType];

/**
 * Reads the byte with the kind of multitrack message and the packet type that all its tracks share.
 * @param multitrackPacketType the packet type that announced it: "This fetch MUST not result in a Multitrack". Nor can it be
 *   ModEx, whose place was before.
 */
export function readMultitrackType(
  reader: ByteReader,
  multitrackPacketType: number,
): { readonly type: MultitrackType; readonly packetType: number } {
  const byte = reader.u8();
  const type = byte >> 4;
  const packetType = byte & 15;
  if (type > MultitrackType.manyTracksManyCodecs) {
    throw new ProtocolError('flv.multitrack.type', reader.place, `multitrack type ${type}`);
  }
  if (packetType === multitrackPacketType || packetType === MOD_EX_PACKET_TYPE) {
    throw new ProtocolError('flv.multitrack.nested', reader.place, `packet type ${packetType} in a multitrack message`);
  }
  return { type: type as MultitrackType, packetType };
}

export interface MultitrackBody {
  readonly trackId: number;
  /** The track's codec as on the wire. */
  readonly fourCc: number;
  /** A view of the track's body: for video codecs with composition offset it begins with that offset. */
  readonly body: Buffer;
}

/**
 * The tracks of a multitrack message.
 * @param payload the whole message
 * @param tag what `readVideoTag` or `readAudioTag` made of it
 * @throws ProtocolError when a track is cut short or comes twice
 */
export function readTracks(
  payload: Uint8Array,
  tag: { readonly multitrack: MultitrackType | undefined; readonly fourCc: number; readonly dataOffset: number },
): MultitrackBody[] {
  if (tag.multitrack === undefined) throw new RangeError('not a multitrack message');
  const reader = new ByteReader(payload, 'flv/multitrack/track', tag.dataOffset);
  const tracks = new Map<number, MultitrackBody>();
  do {
    const fourCc = tag.multitrack === MultitrackType.manyTracksManyCodecs ? reader.u32() : tag.fourCc;
    const trackId = reader.u8();
    const body = tag.multitrack === MultitrackType.oneTrack ? reader.rest() : reader.take(reader.u24());
    if (tracks.has(trackId)) throw new ProtocolError('flv.multitrack.repeated', reader.place, `track ${trackId} twice`);
    tracks.set(trackId, { trackId, fourCc, body });
  } while (reader.remaining > 0);
  return [...tracks.values()];
}

/**
 * Writes what follows the first byte of a multitrack message, or the ModEx packets behind it: the kind, the packet type of all
 * tracks, and the tracks. They have one FourCC in common unless `type` is `manyTracksManyCodecs`.
 */
export function encodeTracks(type: MultitrackType, packetType: number, tracks: readonly MultitrackBody[]): Buffer {
  if (tracks.length === 0 || (type === MultitrackType.oneTrack && tracks.length > 1)) {
    throw new RangeError(`${tracks.length} tracks in a multitrack message of type ${type}`);
  }
  const writer = new ByteWriter().u8((type << 4) | packetType);
  if (type !== MultitrackType.manyTracksManyCodecs) writer.u32(tracks[0]!.fourCc);
  for (const { trackId, fourCc, body } of tracks) {
    if (type === MultitrackType.manyTracksManyCodecs) writer.u32(fourCc);
    writer.u8(trackId);
    if (type !== MultitrackType.oneTrack) writer.u24(body.length);
    writer.write(body);
  }
  return writer.toBuffer();
}
