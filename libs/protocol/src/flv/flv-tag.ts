// Adobe Flash Video File Format 10.1, annex E.4.1: FLVTAG; Enhanced RTMP v2, "Enabling AMF3 in FLV": tag type 15.

export const FLV_TAG_HEADER_BYTES = 11;
/** The previous-tag-size after each tag. */
export const FLV_TAG_TRAILER_BYTES = 4;
/** DataSize has 24 bits. */
export const MAX_FLV_TAG_DATA_BYTES = 0xffffff;

/** TagType; the numbers are also the RTMP message types. `scriptAmf3` begins with a format selector, as that message does. */
export const FlvTagType = { audio: 8, video: 9, scriptAmf3: 15, script: 18 } as const;
export type FlvTagType = (typeof FlvTagType)[keyof typeof FlvTagType];

export interface FlvTag {
  readonly type: FlvTagType;
  /** Milliseconds, unsigned 32 bits, as RTMP counts them. */
  readonly timestampMs: number;
  /** What the tag carries: the same bytes as the RTMP message of this type. */
  readonly data: Buffer;
}

/** Writes a tag's header. */
export function writeFlvTagHeader(
  into: Uint8Array,
  offset: number,
  type: FlvTagType,
  dataBytes: number,
  timestampMs: number,
): void {
  into[offset] = type;
  into[offset + 1] = dataBytes >>> 16;
  into[offset + 2] = dataBytes >>> 8;
  into[offset + 3] = dataBytes;
  // "TimestampExtended: extension of the Timestamp field": the upper eight bits come last.
  into[offset + 4] = timestampMs >>> 16;
  into[offset + 5] = timestampMs >>> 8;
  into[offset + 6] = timestampMs;
  into[offset + 7] = timestampMs >>> 24;
  into[offset + 8] = 0;
  into[offset + 9] = 0;
  into[offset + 10] = 0;
}

/**
 * A whole tag with the previous-tag-size after it. Copies the data.
 * @throws RangeError for data above `MAX_FLV_TAG_DATA_BYTES`
 */
export function encodeFlvTag(tag: {
  readonly type: FlvTagType;
  readonly timestampMs: number;
  /** The part before the data inside the tag, such as a VideoTagHeader. */
  readonly header?: Uint8Array;
  readonly data: Uint8Array;
}): Buffer {
  const headerBytes = tag.header?.length ?? 0;
  const size = headerBytes + tag.data.length;
  if (size > MAX_FLV_TAG_DATA_BYTES) throw new RangeError(`${size} bytes do not fit an FLV tag`);
  const bytes = Buffer.allocUnsafeSlow(FLV_TAG_HEADER_BYTES + size + FLV_TAG_TRAILER_BYTES);
  writeFlvTagHeader(bytes, 0, tag.type, size, tag.timestampMs);
  if (tag.header !== undefined) bytes.set(tag.header, FLV_TAG_HEADER_BYTES);
  bytes.set(tag.data, FLV_TAG_HEADER_BYTES + headerBytes);
  bytes.writeUInt32BE(FLV_TAG_HEADER_BYTES + size, FLV_TAG_HEADER_BYTES + size);
  return bytes;
}
