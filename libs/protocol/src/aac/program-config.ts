// ISO/IEC 14496-3 section 4.4.1.1: program_config_element, which lists the channels where no channelConfiguration fits.
import type { BitReader, BitWriter } from '../bytes/index.ts';

export interface ChannelElement {
  /** True for a channel pair. */
  readonly pair: boolean;
  readonly tag: number;
}

export interface ProgramConfig {
  readonly instanceTag: number;
  readonly objectType: number;
  readonly samplingFrequencyIndex: number;
  readonly front: readonly ChannelElement[];
  readonly side: readonly ChannelElement[];
  readonly back: readonly ChannelElement[];
  readonly lfeTags: readonly number[];
  readonly dataTags: readonly number[];
  /** Coupling elements; `pair` stands for cc_element_is_ind_sw. */
  readonly coupling: readonly ChannelElement[];
  readonly monoMixdown: number | undefined;
  readonly stereoMixdown: number | undefined;
  readonly matrixMixdown: number | undefined;
  readonly comment: Buffer;
}

/** Reads a program_config_element; its comment is aligned to the bytes of what `bits` reads. */
export function decodeProgramConfig(bits: BitReader): ProgramConfig {
  const instanceTag = bits.bits(4);
  const objectType = bits.bits(2);
  const samplingFrequencyIndex = bits.bits(4);
  const [front, side, back] = [bits.bits(4), bits.bits(4), bits.bits(4)];
  const [lfe, data, coupling] = [bits.bits(2), bits.bits(3), bits.bits(4)];
  const mixdown = (size: number): number | undefined => (bits.flag() ? bits.bits(size) : undefined);
  const [monoMixdown, stereoMixdown, matrixMixdown] = [mixdown(4), mixdown(4), mixdown(3)];
  const elements = (count: number): ChannelElement[] =>
    Array.from({ length: count }, () => ({ pair: bits.flag(), tag: bits.bits(4) }));
  const tags = (count: number): number[] => Array.from({ length: count }, () => bits.bits(4));
  const config = {
    instanceTag,
    objectType,
    samplingFrequencyIndex,
    front: elements(front),
    side: elements(side),
    back: elements(back),
    lfeTags: tags(lfe),
    dataTags: tags(data),
    coupling: elements(coupling),
    monoMixdown,
    stereoMixdown,
    matrixMixdown,
  };
  bits.align();
  const size = bits.bits(8);
  return { ...config, comment: Buffer.from(Array.from({ length: size }, () => bits.bits(8))) };
}

/** Writes a program_config_element; its comment is aligned to the bytes of what `bits` writes. */
export function encodeProgramConfig(bits: BitWriter, config: ProgramConfig): void {
  bits.bits(config.instanceTag, 4).bits(config.objectType, 2).bits(config.samplingFrequencyIndex, 4);
  bits.bits(config.front.length, 4).bits(config.side.length, 4).bits(config.back.length, 4);
  bits.bits(config.lfeTags.length, 2).bits(config.dataTags.length, 3).bits(config.coupling.length, 4);
  const mixdown = (value: number | undefined, size: number): void => {
    bits.flag(value !== undefined);
    if (value !== undefined) bits.bits(value, size);
  };
  mixdown(config.monoMixdown, 4);
  mixdown(config.stereoMixdown, 4);
  mixdown(config.matrixMixdown, 3);
  const elements = (list: readonly ChannelElement[]): void => {
    for (const element of list) bits.flag(element.pair).bits(element.tag, 4);
  };
  elements(config.front);
  elements(config.side);
  elements(config.back);
  for (const tag of [...config.lfeTags, ...config.dataTags]) bits.bits(tag, 4);
  elements(config.coupling);
  bits.align().bits(config.comment.length, 8);
  for (const byte of config.comment) bits.bits(byte, 8);
}

/** How many channels the elements carry, low frequency ones included. */
export function programChannels(config: ProgramConfig): number {
  const count = (list: readonly ChannelElement[]): number => list.reduce((sum, one) => sum + (one.pair ? 2 : 1), 0);
  return count(config.front) + count(config.side) + count(config.back) + config.lfeTags.length;
}
