// What will become one PES packet. Plans are made first, so that the size of the segment is known before a byte is written.
import type { AccessUnit, TimedTag } from './segment-options.ts';

interface PesTiming {
  /** Unwrapped, on the timeline of the access units. */
  readonly dts90k: number;
  readonly pts90k: number;
  /** Bytes of elementary stream. */
  readonly dataBytes: number;
  readonly randomAccess: boolean;
}

export interface VideoPes extends PesTiming {
  readonly kind: 'video';
  readonly unit: AccessUnit;
  /** What it contains, as bits of `AccessUnitFlag`. */
  readonly contents: number;
  /** Where the unit's own access unit delimiter lies; size 0 when it has none. */
  readonly delimiterOffset: number;
  readonly delimiterSize: number;
  /** Whether the parameter sets of the configuration go before the picture. */
  readonly insertParameterSets: boolean;
}

export interface AudioPes extends PesTiming {
  readonly kind: 'audio';
  readonly units: readonly AccessUnit[];
}

export interface MetadataPes extends PesTiming {
  readonly kind: 'metadata';
  readonly tag: Uint8Array;
}

export const planMetadata = ({ pts90k, tag }: TimedTag): MetadataPes => ({
  ...{ kind: 'metadata', dts90k: pts90k, pts90k, dataBytes: tag.length, randomAccess: false, tag },
});

export type PesPlan = VideoPes | AudioPes | MetadataPes;
