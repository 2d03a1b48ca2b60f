// What an encoder says about its stream (FLV 10.1 section E.5): for people only. What is true is in the media itself.
import { propertiesOf } from '@millrace/protocol/amf3';
import type { AmfRecord } from '@millrace/protocol/amf3';
import type { DataMessage } from '@millrace/protocol/rtmp';

const MAX_ENCODER_LENGTH = 128;
const MAX_SIDE = 16_384;
const MAX_FRAME_RATE = 1_000;

export interface StreamMetadata {
  /** The encoder's own name, such as `obs-output module (libobs version 31.0.0)`; its text: never trust it. */
  readonly encoder: string | undefined;
  readonly width: number | undefined;
  readonly height: number | undefined;
  readonly frameRate: number | undefined;
  /** Whether it names a codec of pictures; false when it names one of sound alone, undefined when it names none. */
  readonly hasVideo: boolean | undefined;
}

/** Reads `onMetaData`, keeping a bounded part of it. Undefined for every other message. */
export function readStreamMetadata(message: DataMessage): StreamMetadata | undefined {
  if (message.name !== 'onMetaData') return undefined;
  const properties = propertiesOf(message.values[0]);
  if (properties === undefined) return undefined;
  return {
    encoder: textOf(properties, 'encoder'),
    width: numberOf(properties, 'width', MAX_SIDE),
    height: numberOf(properties, 'height', MAX_SIDE),
    frameRate: numberOf(properties, 'framerate', MAX_FRAME_RATE),
    hasVideo: videoOf(properties),
  };
}

/** Codecs are numbers (FLV 10.1 section E.5), or names where no number was given. */
function videoOf(properties: AmfRecord): boolean | undefined {
  const names = (name: string): boolean => typeof properties[name] === 'number' || typeof properties[name] === 'string';
  return names('videocodecid') ? true : names('audiocodecid') ? false : undefined;
}

function textOf(properties: AmfRecord, name: string): string | undefined {
  const value = properties[name];
  return typeof value === 'string' ? value.slice(0, MAX_ENCODER_LENGTH).toWellFormed() : undefined;
}

/** NaN, infinities, negative and absurd numbers count as unknown. */
function numberOf(properties: AmfRecord, name: string, maximum: number): number | undefined {
  const value = properties[name];
  return typeof value === 'number' && value > 0 && value <= maximum ? value : undefined;
}
