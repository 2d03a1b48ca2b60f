// Data messages of an encoder as ID3 tags that players show to their pages: onTextData, onCuePoint, and whatever has a name.
import { FrameKind } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { AmfDate, AmfXml, propertiesOf } from '@millrace/protocol/amf3';
import type { AmfValue } from '@millrace/protocol/amf3';
import { decodeOrUndefined } from '@millrace/protocol/bytes';
import { encodeId3Text } from '@millrace/protocol/id3';
import { decodeData } from '@millrace/protocol/rtmp';
import type { DataMessage } from '@millrace/protocol/rtmp';
import type { TimedMetadataTag } from '../containers/container.ts';

export const METADATA_LIMITS = {
  /** A longer message is left out, as is one that is longer as text. */
  maxMessageBytes: 16 * 1024,
  maxNameBytes: 256,
  /** Values inside values of one message. */
  maxValues: 4_096,
  /** Tags of a segment, for each second of it that has begun. */
  maxTagsPerSecond: 100,
  maxBytesPerSecond: 64 * 1024,
} as const;

/** About the stream as a whole, or for servers and players of Flash: what is true of it is in the media and in the playlist. */
const NOT_TIMED = /^(?:onMetaData$|onStatus$|onPlayStatus$|@|\|)/;
const TICKS_PER_SECOND = 90_000;
const TWO_32 = 2 ** 32;

/** Whether a frame may become a tag. Cheap: called for every frame of data. */
export const mayBeTimed = (frame: Frame): boolean => frame.payload.length <= METADATA_LIMITS.maxMessageBytes;

/**
 * The tags of a segment, or of a part of one, in its time. The same frames give the same tags.
 * @param startDts90k decode time at which the segment starts
 * @param ticks how long it lasts
 * @param slack90k how far a tag may be outside of that
 */
export function timedTags(
  frames: readonly Frame[],
  startDts90k: number,
  ticks: number,
  slack90k = 0,
): TimedMetadataTag[] {
  const tags: TimedMetadataTag[] = [];
  const seconds = Math.max(1, Math.ceil(ticks / TICKS_PER_SECOND));
  const latest90k = startDts90k + ticks + slack90k;
  let bytes = 0;
  let last90k = startDts90k - slack90k;
  for (const frame of frames) {
    if (frame.kind !== FrameKind.data) continue;
    const tag = tagOf(frame);
    if (tag === undefined) continue;
    bytes += tag.length;
    const isFull = tags.length >= seconds * METADATA_LIMITS.maxTagsPerSecond;
    if (isFull || bytes > seconds * METADATA_LIMITS.maxBytesPerSecond) break;
    last90k = Math.min(Math.max(last90k, frame.dts90k), Math.max(last90k, latest90k));
    tags.push({ pts90k: last90k, id: (frame.epoch + frame.sequence) % TWO_32, tag });
  }
  return tags;
}

function tagOf({ payload }: Frame): Buffer | undefined {
  const message = decode(payload);
  if (message === undefined || NOT_TIMED.test(message.name)) return undefined;
  if (Buffer.byteLength(message.name) > METADATA_LIMITS.maxNameBytes) return undefined;
  const text = textOf(message.values);
  return text === undefined ? undefined : encodeId3Text(message.name, text);
}

const decode = (payload: Uint8Array): DataMessage | undefined =>
  decodeOrUndefined(decodeData, Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength));

/** JSON of the value, or of the list of values where there are several. Undefined where that is too much. */
function textOf(values: readonly AmfValue[]): string | undefined {
  const budget = { values: METADATA_LIMITS.maxValues };
  const plain = values.length === 1 ? plainOf(values[0], budget) : values.map((value) => plainOf(value, budget));
  if (budget.values < 0) return undefined;
  const text = JSON.stringify(plain ?? null);
  return Buffer.byteLength(text) > METADATA_LIMITS.maxMessageBytes ? undefined : text;
}

/** What JSON can say of a value. References make a value many: each counts, and beyond the budget there is nothing more. */
function plainOf(value: AmfValue, budget: { values: number }): unknown {
  if (budget.values-- <= 0) return null;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof AmfDate) return new Date(value.timeMs).toJSON();
  if (value instanceof AmfXml) return value.text;
  if (Array.isArray(value)) return (value as readonly AmfValue[]).map((item) => plainOf(item, budget));
  const properties = propertiesOf(value);
  if (properties === undefined) return null;
  return Object.fromEntries(Object.entries(properties).map(([key, item]) => [key, plainOf(item, budget)]));
}
