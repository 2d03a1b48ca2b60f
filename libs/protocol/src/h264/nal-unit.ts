// ITU-T H.264 section 7.3.1: the first byte of a NAL unit; table 7-1: nal_unit_type.

/** nal_unit_type values that matter to a server which carries H.264 without decoding it. */
export const NalUnitType = {
  slice: 1,
  dataPartitionA: 2,
  dataPartitionB: 3,
  dataPartitionC: 4,
  idrSlice: 5,
  sei: 6,
  sps: 7,
  pps: 8,
  accessUnitDelimiter: 9,
  endOfSequence: 10,
  endOfStream: 11,
  filler: 12,
} as const;

/** The nal_unit_type in the first byte of a NAL unit. */
export function nalUnitType(firstByte: number): number {
  return firstByte & 0x1f;
}

/** Whether a NAL unit with this first byte is an access unit delimiter: of a byte stream, not of a picture. */
export function isAccessUnitDelimiter(firstByte: number): boolean {
  return nalUnitType(firstByte) === NalUnitType.accessUnitDelimiter;
}
