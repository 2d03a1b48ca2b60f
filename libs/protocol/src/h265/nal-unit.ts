// ITU-T H.265 section 7.3.1.2: the two bytes of a NAL unit header; table 7-1: nal_unit_type.

/** nal_unit_type values that matter to a server which carries H.265 without decoding it. */
export const H265NalUnitType = {
  /** Pictures that are no place to start, TRAIL_N to RASL_R, are 0 to 9. */
  lastOtherSlice: 9,
  /** BLA_W_LP to RSV_IRAP_VCL23: pictures at which decoding may start. */
  firstIrapSlice: 16,
  lastIrapSlice: 23,
  vps: 32,
  sps: 33,
  pps: 34,
  accessUnitDelimiter: 35,
  prefixSei: 39,
  suffixSei: 40,
} as const;

export const H265_HEADER_BYTES = 2;

/** The nal_unit_type in the first byte of a NAL unit. */
export function h265NalUnitType(firstByte: number): number {
  return (firstByte >> 1) & 0x3f;
}

/** Whether a NAL unit with this first byte is an access unit delimiter: of a byte stream, not of a picture. */
export function isH265AccessUnitDelimiter(firstByte: number): boolean {
  return h265NalUnitType(firstByte) === H265NalUnitType.accessUnitDelimiter;
}

/** nuh_layer_id: 0 for all that a decoder without extensions decodes. */
export function h265LayerId(firstByte: number, secondByte: number): number {
  return ((firstByte & 1) << 5) | (secondByte >> 3);
}
