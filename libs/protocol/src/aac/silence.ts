// ISO/IEC 14496-3 section 4.4.2.1: a raw_data_block in which no channel has a sound.
import { BitWriter } from '../bytes/index.ts';
import type { AudioSpecificConfig } from './audio-specific-config.ts';

/** id_syn_ele (table 4.85). */
const Element = { single: 0, pair: 1, lfe: 3, end: 7 } as const;

interface SilentElement {
  readonly element: 0 | 1 | 3;
  readonly tag: number;
}

/** The elements of each channelConfiguration (table 1.19), each kind with tags from 0 on; s: single, p: pair, l: low frequency. */
const LAYOUTS: ReadonlyMap<number, string> = new Map([
  [1, 's'],
  [2, 'p'],
  [3, 'sp'],
  [4, 'sps'],
  [5, 'spp'],
  [6, 'sppl'],
  [7, 'spppl'],
]);

/** @returns undefined for channels that ADTS has no configuration for */
export function silentAccessUnit(config: AudioSpecificConfig): Buffer | undefined {
  const elements = elementsOf(config);
  if (elements === undefined) return undefined;
  const bits = new BitWriter();
  for (const { element, tag } of elements) {
    bits.bits(element, 3).bits(tag, 4);
    if (element === Element.pair) {
      // common_window, with one ics_info for both channels and no ms_mask.
      writeIcsInfo(bits.flag(true));
      bits.bits(0, 2);
      writeEmptyChannel(bits, false);
      writeEmptyChannel(bits, false);
    } else {
      writeEmptyChannel(bits, true);
    }
  }
  return bits.bits(Element.end, 3).align().toBuffer();
}

function elementsOf({ channelConfiguration, programConfig }: AudioSpecificConfig): SilentElement[] | undefined {
  if (programConfig !== undefined) {
    const { front, side, back, lfeTags } = programConfig;
    const channels = [...front, ...side, ...back].map(({ pair, tag }) => ({
      element: pair ? Element.pair : Element.single,
      tag,
    }));
    return [...channels, ...lfeTags.map((tag) => ({ element: Element.lfe, tag }))];
  }
  const layout = LAYOUTS.get(channelConfiguration);
  if (layout === undefined) return undefined;
  return Array.from(layout, (letter, index) => ({
    element: letter === 's' ? Element.single : letter === 'p' ? Element.pair : Element.lfe,
    tag: Array.from(layout.slice(0, index)).filter((other) => other === letter).length,
  }));
}

/** ics_info with one long window and max_sfb 0: no scale factor band, so neither sections nor spectral data follow. */
function writeIcsInfo(bits: BitWriter): void {
  // ics_reserved_bit, window_sequence ONLY_LONG_SEQUENCE, window_shape, max_sfb, predictor_data_present.
  bits.flag(false).bits(0, 2).flag(false).bits(0, 6).flag(false);
}

/** individual_channel_stream: global_gain, its ics_info if it has one of its own, no pulse, TNS or gain control data. */
function writeEmptyChannel(bits: BitWriter, withInfo: boolean): void {
  bits.bits(0, 8);
  if (withInfo) writeIcsInfo(bits);
  bits.flag(false).flag(false).flag(false);
}
