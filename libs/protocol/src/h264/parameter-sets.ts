// The parameter sets of H.264: their ids, and the configuration record that holds them (ITU-T H.264 section 7.4.1.2.1).
import { BitReader } from '../bytes/index.ts';
import type { ParameterSetSyntax } from '../nal/index.ts';
import { encodeH264Configuration, isParameterSet } from './h264-configuration.ts';
import { NalUnitType, nalUnitType } from './nal-unit.ts';
import { readPpsIds } from './pps.ts';

/** Header, profile, constraint flags and level come before the id, which has at most 11 bits. */
const SPS_ID_AT = 4;

export const H264_PARAMETER_SETS: ParameterSetSyntax = {
  // The count of SPS in a record has 5 bits, that of PPS 8.
  kinds: [
    { max: 31, readId: (sps) => new BitReader(sps.subarray(SPS_ID_AT), 'h264/sps').ue(31) },
    { max: 255, readId: (pps) => readPpsIds(pps).ppsId },
  ],
  kindOf(nalUnit) {
    if (!isParameterSet(nalUnit)) return -1;
    return nalUnitType(nalUnit[0]!) === NalUnitType.sps ? 0 : 1;
  },
  encodeRecord([sps = [], pps = []], nalLengthSize) {
    const [, profileIndication = 0, profileCompatibility = 0] = sps[0] ?? [];
    const levelIndication = Math.max(0, ...sps.map((set) => set[3]!));
    const head = { profileIndication, profileCompatibility, levelIndication, nalLengthSize };
    return encodeH264Configuration({ ...head, sps, pps, extension: undefined });
  },
};
