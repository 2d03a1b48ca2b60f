// Enhanced RTMP v2, "Metadata Frame": names and values in AMF, of which `colorInfo` is the only one that is defined.
import { Amf0Decoder, encodeAmf0, newRecord, propertiesOf } from '../amf0/index.ts';
import type { AmfRecord, AmfValue } from '../amf0/index.ts';
import { ByteReader, ProtocolError } from '../bytes/index.ts';

const PLACE = 'flv/metadata';
/** A `colorInfo` has sixteen numbers with their names: less than 500 bytes. */
const LIMITS = { maxDepth: 4, maxBytes: 4 * 1024 } as const;

/** The numbers of a `colorInfo` with their ranges, by the object that they are in. */
const RANGES = {
  colorConfig: {
    bitDepth: [1, 16],
    /** ISO/IEC 23091-4, ITU-T H.273: this one and the next two. */
    colorPrimaries: [0, 255],
    transferCharacteristics: [0, 255],
    matrixCoefficients: [0, 255],
  },
  /** cd/m². */
  hdrCll: { maxFall: [0, 10_000], maxCLL: [0, 10_000] },
  /** SMPTE ST 2086: chromaticity of the display that the material was mastered on, and its luminance in cd/m². */
  hdrMdcv: {
    redX: [0, 1],
    redY: [0, 1],
    greenX: [0, 1],
    greenY: [0, 1],
    blueX: [0, 1],
    blueY: [0, 1],
    whitePointX: [0, 1],
    whitePointY: [0, 1],
    maxLuminance: [0, 10_000],
    minLuminance: [0, 10_000],
  },
} as const;
type Group = keyof typeof RANGES;

/** What is absent was not said, or was outside its range. */
export type ColorInfo = { readonly [G in Group]?: { readonly [Name in keyof (typeof RANGES)[G]]?: number } };

/**
 * Reads the body of a metadata packet.
 * @returns undefined when it says nothing of colours; an empty object takes back what was said before
 * @throws ProtocolError when it is not AMF0
 */
export function decodeColorInfo(body: Uint8Array): ColorInfo | undefined {
  const decoder = new Amf0Decoder(new ByteReader(body, PLACE), LIMITS);
  let found: ColorInfo | undefined;
  while (decoder.hasMore) {
    const name = decoder.value();
    if (!decoder.hasMore) throw new ProtocolError('flv.metadata.no-value', PLACE, 'a name without a value');
    const value = decoder.value();
    if (name === 'colorInfo') found = colorInfoOf(value);
  }
  return found;
}

function colorInfoOf(value: AmfValue): ColorInfo {
  const properties = propertiesOf(value) ?? {};
  const info: Record<string, Record<string, number>> = {};
  for (const [group, ranges] of Object.entries(RANGES)) {
    const given = propertiesOf(properties[group]);
    if (given === undefined) continue;
    const numbers: Record<string, number> = {};
    for (const [name, [min, max]] of Object.entries(ranges)) {
      const number = given[name];
      if (typeof number === 'number' && number >= min && number <= max) numbers[name] = number;
    }
    if (Object.keys(numbers).length > 0) info[group] = numbers;
  }
  return info;
}

/** Writes the body of a metadata packet; undefined takes back what was said before. */
export function encodeColorInfo(info: ColorInfo | undefined): Buffer {
  if (info === undefined) return encodeAmf0('colorInfo', undefined);
  const object: AmfRecord = newRecord();
  for (const [group, numbers] of Object.entries(info)) object[group] = Object.assign(newRecord(), numbers);
  return encodeAmf0('colorInfo', object);
}
