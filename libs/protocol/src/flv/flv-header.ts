// Adobe Flash Video File Format 10.1, annex E.2: the FLV header.
import { ByteReader, ProtocolError } from '../bytes/index.ts';

const PLACE = 'flv/header';
export const FLV_HEADER_BYTES = 9;
/** What a header may say about where the first tag begins. */
const MAX_DATA_OFFSET = 1024;

export interface FlvHeader {
  readonly version: number;
  readonly hasAudio: boolean;
  readonly hasVideo: boolean;
  /** Offset of the first previous-tag-size field, 9 in version 1. */
  readonly dataOffset: number;
}

/**
 * Reads an FLV header.
 * @throws ProtocolError when it is not one
 */
export function decodeFlvHeader(bytes: Uint8Array): FlvHeader {
  const reader = new ByteReader(bytes, PLACE);
  if (reader.latin1(3) !== 'FLV') throw new ProtocolError('flv.signature', PLACE, 'no FLV signature');
  const version = reader.u8();
  if (version !== 1) throw new ProtocolError('flv.version', PLACE, `version ${version}`);
  const flags = reader.u8();
  const dataOffset = reader.u32();
  if (dataOffset < FLV_HEADER_BYTES || dataOffset > MAX_DATA_OFFSET) {
    throw new ProtocolError('flv.data-offset', PLACE, `data offset ${dataOffset}`);
  }
  return { version, hasAudio: (flags & 4) !== 0, hasVideo: (flags & 1) !== 0, dataOffset };
}

/** Writes an FLV header and the previous-tag-size of 0 that follows it: what a stream begins with. */
export function encodeFlvHeader(tracks: { readonly hasAudio: boolean; readonly hasVideo: boolean }): Buffer {
  const flags = (tracks.hasAudio ? 4 : 0) | (tracks.hasVideo ? 1 : 0);
  return Buffer.from([0x46, 0x4c, 0x56, 1, flags, 0, 0, 0, FLV_HEADER_BYTES, 0, 0, 0, 0]);
}
