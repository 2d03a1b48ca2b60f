export { decodeSpliceInfo, encodeSpliceInsert, MAX_SPLICE_INFO_BYTES } from './splice-info.ts';
export type { Segmentation, SpliceInfo, SpliceInsert } from './splice-info.ts';
