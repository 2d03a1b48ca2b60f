// RTMP 1.0 section 7.1.2: data messages; FLV 10.1 section E.5: what is usually in them.
import { Amf0Decoder, encodeAmf0 } from '../../amf0/index.ts';
import type { AmfLimits, AmfValue } from '../../amf0/index.ts';
import { ByteReader, ProtocolError } from '../../bytes/index.ts';

const PLACE = 'rtmp/data';

/** Publishers put this in front: it tells the server to keep the metadata for later viewers. */
const SET_DATA_FRAME = '@setDataFrame';

export interface DataMessage {
  /** Such as `onMetaData`. */
  readonly name: string;
  readonly values: readonly AmfValue[];
}

/**
 * Reads the body of a data message, looking through `@setDataFrame`.
 * @param body AMF0: see `amfBody`.
 */
export function decodeData(body: Buffer, limits?: AmfLimits): DataMessage {
  const decoder = new Amf0Decoder(new ByteReader(body, PLACE), limits);
  let name = decoder.value();
  if (name === SET_DATA_FRAME && decoder.hasMore) name = decoder.value();
  if (typeof name !== 'string') {
    throw new ProtocolError('rtmp.data.no-name', `${PLACE}/name`, `a ${typeof name} instead of a name`);
  }
  const values: AmfValue[] = [];
  while (decoder.hasMore) values.push(decoder.value());
  return { name, values };
}

export function encodeData(data: DataMessage): Buffer {
  return encodeAmf0(data.name, ...data.values);
}
